// Which tables a database has, asked of itself: a table that a later migration makes is in backups without being named anywhere. In an order in which
// each comes after those that its rows refer to.
import type { ColumnKind, TableShape } from './backup-format.ts';
import type { EngineKind } from '../engine.ts';

/** Runs one statement. */
export type Ask = (statement: string) => Promise<Record<string, unknown>[]>;

/** What belongs to the migrations, which a restore runs itself. */
const OF_MIGRATIONS = new Set(['kysely_migration', 'kysely_migration_lock']);

const KINDS: Readonly<Record<string, ColumnKind>> = {
  integer: 'int',
  int: 'int',
  bigint: 'int',
  smallint: 'int',
  text: 'text',
  'character varying': 'text',
  blob: 'bytes',
  bytea: 'bytes',
  real: 'real',
  'double precision': 'real',
  boolean: 'bool',
};

export async function readTableShapes(kind: EngineKind, ask: Ask): Promise<TableShape[]> {
  const [columns, references] = await Promise.all([ask(COLUMNS[kind]), ask(REFERENCES[kind])]);
  const shapes = new Map<string, TableShape>();
  for (const row of columns) {
    const [table, column, type] = [String(row['table_name']), String(row['column_name']), String(row['type'])];
    if (OF_MIGRATIONS.has(table)) continue;
    const known = KINDS[type.toLowerCase()];
    if (known === undefined) throw new Error(`${table}.${column} is of the type ${type}, which backups do not know`);
    const shape = shapes.get(table) ?? { name: table, columns: [] };
    shape.columns.push({ name: column, kind: known });
    shapes.set(table, shape);
  }
  const parents = Map.groupBy(references, (row) => String(row['table_name']));
  const sorted: TableShape[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const row of parents.get(name) ?? []) visit(String(row['parent']));
    const shape = shapes.get(name);
    if (shape !== undefined) sorted.push(shape);
  };
  for (const name of [...shapes.keys()].toSorted()) visit(name);
  return sorted;
}

const COLUMNS = {
  sqlite: `select t.name as table_name, c.name as column_name, c.type as type
    from sqlite_schema as t, pragma_table_xinfo(t.name) as c
    where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\' and c.hidden = 0 order by t.name, c.cid`,
  postgres: `select c.table_name, c.column_name, c.data_type as type
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
    order by c.table_name, c.ordinal_position`,
} as const satisfies Record<EngineKind, string>;

const REFERENCES = {
  sqlite: `select t.name as table_name, f."table" as parent
    from sqlite_schema as t, pragma_foreign_key_list(t.name) as f where t.type = 'table'`,
  postgres: `select r.relname as table_name, p.relname as parent
    from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_class p on p.oid = c.confrelid
    where c.contype = 'f' and r.relnamespace = current_schema()::regnamespace`,
} as const satisfies Record<EngineKind, string>;

/** A name as both engines take it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
