// Restores a backup into a PostgreSQL database. The tables are made whole in a schema of their own, and change places with those in use in one
// transaction. What a restore leaves that was ended before that is in a schema that nothing reads, and is removed by the next one.
import pg from 'pg';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import { migrate } from '../migrations/migrate.ts';
import { openPostgres } from '../postgres/open-postgres.ts';
import { namedUrl } from '../postgres/named-url.ts';
import { HOLD_FOR_RESTORE } from '../postgres/restore-lock.ts';
import { ALWAYS, END_SESSIONS, takenBackIn } from './after-restore.ts';
import { loadRows, type RowTarget } from './load-rows.ts';
import { backupParts } from './read-backup.ts';
import type { Restore, Restored } from './restore.ts';
import { quoted, readTableShapes } from './table-shapes.ts';

const STAGING = 'mcpgate_restoring';
/** A tenth of a second lies between two of them. */
const BROKER_TRIES = 50;

/** A database that is held for one restore: no other restore goes into it, and no broker starts on it, until `release` or the end of the process. */
export interface HeldPostgres {
  readonly isOccupied: boolean;
  restore(restore: Restore, parts: { log: Logger; clock: Clock }): Promise<Restored>;
  release(): Promise<void>;
}

/** Throws `conflict` where a broker is connected, or another restore is under way. */
export async function holdPostgres(url: string): Promise<HeldPostgres> {
  const client = new pg.Client({ connectionString: namedUrl(url, 'mcpgate restore') });
  // The statement that is under way, or the next one, rejects.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // The lock goes with this connection, which has nothing to say while the tables are made on others, and is not to outlive a process that was
    // killed while a long statement runs. Older servers do not have all of these settings.
    await client.query(
      `select set_config(name, case name when 'client_connection_check_interval' then '1s' else '0' end, false) from pg_settings
        where name in ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'client_connection_check_interval')`,
    );
    const { rows } = await client.query<{ is_held: boolean }>(`select ${HOLD_FOR_RESTORE} as is_held`);
    if (rows[0]?.is_held !== true)
      throw new GateError(
        'conflict',
        'another restore into this database is under way: let it end, or stop it, before another one begins; nothing was changed',
      );
    // Only now: a broker that has connected before is seen here, and one that comes later sees the lock.
    await assertNoBroker(client);
    const { rowCount } = await client.query(
      `select 1 from information_schema.tables where table_schema = current_schema() limit 1`,
    );
    return {
      isOccupied: rowCount !== 0,
      restore: (restore, parts) => restorePostgres(client, url, restore, parts),
      release: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function restorePostgres(
  client: pg.Client,
  url: string,
  restore: Restore,
  parts: { log: Logger; clock: Clock },
): Promise<Restored> {
  const home = await currentSchema(client);
  await client.query(`drop schema if exists ${STAGING} cascade`);
  await client.query(`create schema ${STAGING}`);
  try {
    const expected = await build(client, url, restore, parts);
    return await exchange(client, home, restore, expected);
  } catch (error) {
    const cleaned = async () => {
      await client.query('rollback');
      await client.query(`drop schema if exists ${STAGING} cascade`);
    };
    // Where the connection is lost, the server ends the transaction by itself, and the next restore removes the schema.
    await cleaned().catch(() => undefined);
    throw error;
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

/** The same, for a moment later: a broker that has just been started is connected until it has seen that the database is held. */
async function assertNoBrokerStays(client: pg.Client): Promise<void> {
  for (let left = BROKER_TRIES; left > 0; left--) {
    try {
      return await assertNoBroker(client);
    } catch (error) {
      if (left === 1) throw error;
      await client.query('select pg_sleep(0.1)');
    }
  }
}

/** Makes the tables with their rows; returns how many rows each of them has. */
async function build(
  client: pg.Client,
  url: string,
  { backup, onRows }: Restore,
  { log, clock }: { log: Logger; clock: Clock },
): Promise<Readonly<Record<string, number>>> {
  const within = new URL(url);
  within.searchParams.set('options', `-c search_path=${STAGING}`);
  const migrated = async (only?: readonly string[]): Promise<string[]> => {
    const self = { name: 'restore', location: 'restore' };
    const engine = openPostgres(within.href, { log, clock, self, isOfRestore: true });
    try {
      return await migrate(engine, only);
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
  const later = await migrated();
  await setCounters(client);
  // Migrations that came after the backup may make other rows of those that were in it.
  return later.length === 0 ? backup.header.tables : await countAll(client);
}

const countIn = async (client: pg.Client, table: string): Promise<number> => {
  const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${STAGING}.${quoted(table)}`);
  return Number(rows[0]?.n);
};

async function countAll(client: pg.Client): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1',
    [STAGING],
  );
  const counts: Record<string, number> = {};
  for (const { name } of rows) counts[name] = await countIn(client, name);
  return counts;
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
    count: ({ name }) => countIn(client, name),
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

async function exchange(
  client: pg.Client,
  home: string,
  { now, endSessions, note }: Restore,
  expected: Readonly<Record<string, number>>,
): Promise<Restored> {
  const at = new Date(now).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const aside = `mcpgate_before_restore_${at}`;
  await assertNoBrokerStays(client);
  await client.query('begin');
  await client.query('set local statement_timeout = 0');
  const replaced = await thingsIn(client, home);
  if (replaced.length > 0) {
    await client.query(`create schema ${aside}`);
    await move(client, home, aside, replaced);
  }
  for (const [table, rows] of Object.entries(expected)) {
    const found = await countIn(client, table);
    if (found !== rows) throw changedMeanwhile(table, found, rows);
  }
  await client.query(`set local search_path = ${STAGING}`);
  for (const statement of [...ALWAYS, ...(endSessions ? END_SESSIONS : [])]) await client.query(statement);
  const isTakenOver = replaced.length === 0 || (await takeBack(client, aside, now));
  await client.query(
    `insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`,
    [note.name, note.value],
  );
  await move(client, STAGING, home, await thingsIn(client, STAGING));
  await client.query(`drop schema ${STAGING}`);
  await client.query('commit');
  return { keptAt: replaced.length > 0 ? `the schema ${aside}` : undefined, isTakenOver };
}

const changedMeanwhile = (table: string, found: number, rows: number): GateError =>
  new GateError(
    'conflict',
    `somebody else has changed what was being restored: ${table} has ${found} rows of ${rows}; nothing was replaced, restore again`,
  );

/** Returns whether it was: tables of another form have nothing that could be taken over. */
async function takeBack(client: pg.Client, aside: string, now: number): Promise<boolean> {
  await client.query('savepoint taken_back');
  try {
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
