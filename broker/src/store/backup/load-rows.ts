// Puts the rows of a backup into the tables of a database that an empty one was made into by the migrations that the backup names.
import { GateError } from 'mcpgate-shared/error';
import type { ColumnKind, TableShape } from './backup-format.ts';
import type { BackupPart, CheckedBackup } from './read-backup.ts';

/** The database that rows are put into; all of it in one transaction. */
export interface RowTarget {
  shapes: readonly TableShape[];
  /** Removes the rows that migrations have put into the tables. */
  empty(tables: readonly TableShape[]): Promise<void>;
  /** The values are as the engine takes them. */
  insert(table: TableShape, rows: readonly unknown[][]): Promise<void>;
  /** How many rows are in it. */
  count(table: TableShape): Promise<number>;
}

/** `onRows` is told how many rows have been put. Throws `config` where the backup does not fit the tables that it names itself. */
export async function loadRows(
  { header }: CheckedBackup,
  parts: AsyncIterable<BackupPart>,
  target: RowTarget,
  onRows: (rows: number) => void,
): Promise<void> {
  const shapes = new Map(target.shapes.map((shape) => [shape.name, shape]));
  // Those that others refer to come last.
  await target.empty(target.shapes.toReversed());
  const done = new Set<string>();
  let table: TableShape | undefined;
  let [ofTable, ofAll] = [0, 0];
  for await (const part of parts) {
    if (part.kind === 'begin') {
      table = inOrder(shapes.get(part.table), part.table, part.columns);
      ofTable = 0;
    } else if (part.kind === 'rows') {
      if (table === undefined) throw misfit('there are rows of no table');
      const { columns } = table;
      await target.insert(
        table,
        part.rows.map((row) => columns.map(({ kind }, index) => valueOf(kind, row[index]))),
      );
      ofTable += part.rows.length;
      onRows((ofAll += part.rows.length));
    } else {
      if (part.table !== table?.name || part.rows !== ofTable || header.tables[part.table] !== ofTable)
        throw misfit(`${part.table} has another number of rows than it says`);
      done.add(part.table);
    }
  }
  const left = [...shapes.keys(), ...Object.keys(header.tables)].filter((name) => !done.has(name));
  if (left.length > 0) throw misfit(`nothing is said of ${left.join(', ')}`);
  // What was sent is one thing, and what is there is another.
  for (const shape of target.shapes) {
    const found = await target.count(shape);
    if (found !== header.tables[shape.name])
      throw new GateError(
        'conflict',
        `the database kept ${found} of ${header.tables[shape.name]} rows of ${shape.name}`,
      );
  }
}

/** The columns in the order in which the backup has them. */
function inOrder(shape: TableShape | undefined, name: string, columns: readonly string[]): TableShape {
  const known = columns.map((column) => shape?.columns.find((each) => each.name === column));
  if (known.length !== shape?.columns.length || known.some((column) => column === undefined))
    throw misfit(`${name} has other columns than the migrations make`);
  return { name, columns: known.filter((column) => column !== undefined) };
}

function valueOf(kind: ColumnKind, value: unknown): unknown {
  if (kind !== 'bytes' || typeof value !== 'string') return value;
  return Buffer.from(value, 'base64');
}

const misfit = (why: string): GateError => new GateError('config', `the backup does not fit itself: ${why}`);
