// Restores a backup into a PostgreSQL database. The tables are made whole in a schema of their own, and change places with those in use in one
// transaction. What a restore leaves that was ended before that is in a schema that nothing reads, and is removed by the next one.
import pg from 'pg';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import { migrate } from '../migrations/migrate.ts';
import { openPostgres } from '../postgres/open-postgres.ts';
import { ALWAYS, END_SESSIONS, takenBackIn } from './after-restore.ts';
import { loadRows, type RowTarget } from './load-rows.ts';
import { backupParts } from './read-backup.ts';
import type { Restore, Restored } from './restore.ts';
import { quoted, readTableShapes } from './table-shapes.ts';

const STAGING = 'mcpgate_restoring';

export async function restorePostgres(
  url: string,
  restore: Restore,
  parts: { log: Logger; clock: Clock },
): Promise<Restored> {
  const client = new pg.Client({ connectionString: url, application_name: 'mcpgate restore' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await assertNoBroker(client);
    const home = await currentSchema(client);
    await client.query(`drop schema if exists ${STAGING} cascade`);
    await client.query(`create schema ${STAGING}`);
    try {
      await build(client, url, restore, parts);
      return await exchange(client, home, restore);
    } catch (error) {
      await client.query('rollback');
      await client.query(`drop schema if exists ${STAGING} cascade`);
      throw error;
    }
  } finally {
    await client.end();
  }
}

async function currentSchema(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string | null }>('select current_schema() as name');
  const name = rows[0]?.name;
  if (typeof name === 'string') return name;
  throw new GateError('config', 'the database has no schema that its user may use');
}

/** Throws `conflict` where a broker is connected. */
export async function assertNoBroker(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name like 'mcpgate-broker%'`,
  );
  if ((rows[0]?.count ?? 0) === 0) return;
  throw new GateError('conflict', 'a broker is running on this database; stop every broker first');
}

async function build(
  client: pg.Client,
  url: string,
  { backup, endSessions, onRows, note }: Restore,
  { log, clock }: { log: Logger; clock: Clock },
): Promise<void> {
  const within = new URL(url);
  within.searchParams.set('options', `-c search_path=${STAGING}`);
  // Its connections may outlive it for a moment, and are no broker's.
  within.searchParams.set('application_name', 'mcpgate restore');
  const migrated = async (only?: readonly string[]): Promise<void> => {
    const engine = openPostgres(within.href, { log, clock, self: { name: 'restore', location: 'restore' } });
    try {
      await migrate(engine, only);
    } finally {
      await engine.close();
    }
  };
  await migrated(backup.header.migrations);
  await client.query('begin');
  await client.query(`set local search_path = ${STAGING}`);
  await client.query('set local statement_timeout = 0');
  await loadRows(backup, backupParts(backup), await targetOf(client), onRows);
  await client.query('commit');
  await migrated();
  await setCounters(client);
  await client.query('begin');
  await client.query(`set local search_path = ${STAGING}`);
  for (const statement of [...ALWAYS, ...(endSessions ? END_SESSIONS : [])]) await client.query(statement);
  await client.query(
    `insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`,
    [note.name, note.value],
  );
  await client.query('commit');
}

/** Columns that are numbered by themselves go on behind the highest number that was restored. */
async function setCounters(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; counter: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as table, quote_ident(column_name) as column,
        pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name), column_name) as counter
      from information_schema.columns
      where table_schema = $1 and (is_identity = 'YES' or column_default like 'nextval(%')`,
    [STAGING],
  );
  for (const { table, column, counter } of rows)
    await client.query(`select setval($1, coalesce(max(${column}), 1), max(${column}) is not null) from ${table}`, [
      counter,
    ]);
}

async function targetOf(client: pg.Client): Promise<RowTarget> {
  const ask = async (statement: string) => (await client.query<Record<string, unknown>>(statement)).rows;
  const shapes = await readTableShapes('postgres', ask);
  const types = { int: 'bigint', text: 'text', bytes: 'bytea', real: 'double precision', bool: 'boolean' } as const;
  return {
    shapes,
    async empty(tables) {
      for (const { name } of tables) {
        const { rows } = await client.query(`select 1 from ${quoted(name)} limit 1`);
        if (rows.length > 0) await client.query(`delete from ${quoted(name)}`);
      }
    },
    async insert({ name, columns }, rows) {
      const list = columns.map((column) => quoted(column.name)).join(', ');
      const arrays = columns.map(({ kind }, index) => `$${index + 1}::${types[kind]}[]`).join(', ');
      const values = columns.map((_column, index) => rows.map((row) => row[index] ?? null));
      await client.query(
        `insert into ${quoted(name)} (${list}) overriding system value select * from unnest(${arrays})`,
        values,
      );
    },
  };
}

/** What a schema holds of its user: tables with all that belongs to them, views, sequences of their own, and functions. */
const THINGS = `
  select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind,
    quote_ident(c.relname) as name
  from pg_class c
  where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and not c.relispartition
    and pg_get_userbyid(c.relowner) = current_user
    and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
  union all
  select 'function', quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
  from pg_proc p
  where p.pronamespace = $1::regnamespace and pg_get_userbyid(p.proowner) = current_user
    and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

async function thingsIn(client: pg.Client, schema: string): Promise<{ kind: string; name: string }[]> {
  return (await client.query<{ kind: string; name: string }>(THINGS, [quoted(schema)])).rows;
}

async function exchange(client: pg.Client, home: string, { now }: Restore): Promise<Restored> {
  const at = new Date(now).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const aside = `mcpgate_before_restore_${at}`;
  await client.query('begin');
  await assertNoBroker(client);
  const replaced = await thingsIn(client, home);
  let isTakenOver = true;
  if (replaced.length > 0) {
    await client.query(`create schema ${aside}`);
    await move(client, home, aside, replaced);
    isTakenOver = await takeBack(client, aside, now);
  }
  await move(client, STAGING, home, await thingsIn(client, STAGING));
  await client.query(`drop schema ${STAGING}`);
  await client.query('commit');
  return { keptAt: replaced.length > 0 ? `the schema ${aside}` : undefined, isTakenOver };
}

/** Returns whether it was: tables of another form have nothing that could be taken over. */
async function takeBack(client: pg.Client, aside: string, now: number): Promise<boolean> {
  await client.query('savepoint taken_back');
  try {
    await client.query(`set local search_path = ${STAGING}`);
    for (const statement of takenBackIn(aside, now)) await client.query(statement);
    return true;
  } catch {
    await client.query('rollback to savepoint taken_back');
    return false;
  }
}

async function move(
  client: pg.Client,
  from: string,
  to: string,
  things: readonly { kind: string; name: string }[],
): Promise<void> {
  for (const { kind, name } of things)
    await client.query(`alter ${kind} ${quoted(from)}.${name} set schema ${quoted(to)}`);
}
