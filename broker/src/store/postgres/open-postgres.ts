// The engine for more than one broker: PostgreSQL 13 or later over `pg`.
import { type Dialect, Kysely, PostgresDialect, PostgresDriver } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import pg from 'pg';
import type { Logger } from 'pino';
import type { BrokerName } from '../../domain/bus.ts';
import { AUDIT_COLUMNS, auditValues } from '../audit-columns.ts';
import type { Engine } from '../engine.ts';
import { createGuardedDriver } from '../guarded-driver.ts';
import type { Database } from '../schema.ts';
import type { AuditRow } from '../audit-row.ts';
import { createPostgresBus } from './postgres-bus.ts';
import { explainPostgresError } from './postgres-error.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** A call waits for this; a server that is cut off without a word must not hold it longer. */
const APPEND_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
const POOL_SIZE = 10;

/** Pools for `url`; connects at first use. Throws `config` where `url` is no PostgreSQL URL. */
export function openPostgres(url: string, options: { log: Logger; clock: Clock; self: BrokerName }): Engine {
  const { log, clock, self } = options;
  const place = describe(url);
  const explain = (error: unknown): GateError => explainPostgresError(place, error);
  const types = new pg.TypeOverrides();
  // Counts and times are far below 2^53, so bigint columns are read as numbers, as SQLite's are.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const createPool = (max: number): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      types,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'mcpgate-broker',
    });
    // An idle connection that is cut off: the next query opens another, or fails and says so.
    pool.on('error', (error) => log.warn({ err: explain(error) }, 'lost an idle database connection'));
    return pool;
  };

  const pool = createPool(POOL_SIZE);
  // One connection for the audit log alone: chains are appended in order, and slow searches cannot stand in a call's way.
  const auditPool = createPool(1);
  const plain = new PostgresDialect({ pool });
  const dialect: Dialect = {
    createAdapter: () => plain.createAdapter(),
    createDriver: () => createGuardedDriver(new PostgresDriver({ pool }), explain),
    createIntrospector: (db) => plain.createIntrospector(db),
    createQueryCompiler: () => plain.createQueryCompiler(),
  };
  const db = new Kysely<Database>({ dialect });
  const bus = createPostgresBus({ url, db, self, clock, log, explain });
  let closed = false;

  return {
    kind: 'postgres',
    db,
    bus,
    announce: bus.announce,
    async appendAudit(rows) {
      try {
        await append(auditPool, rows);
      } catch (error) {
        throw explain(error);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await bus.close();
      // Not through the query builder, whose own refusal afterwards would not be a GateError.
      await Promise.all([pool.end(), auditPool.end()]);
    },
  };
}

const NUMERIC: ReadonlySet<string> = new Set(['ts', 'seq']);
const APPEND = `INSERT INTO audit_events (${AUDIT_COLUMNS.join(', ')}) SELECT * FROM unnest(${AUDIT_COLUMNS.map(
  (column, index) => `$${index + 1}::${NUMERIC.has(column) ? 'bigint' : 'text'}[]`,
).join(', ')})`;

async function append(pool: pg.Pool, rows: readonly AuditRow[]): Promise<void> {
  const columns: (string | number | null)[][] = AUDIT_COLUMNS.map(() => []);
  for (const row of rows) for (const [index, value] of auditValues(row).entries()) columns[index]?.push(value);
  const client = await pool.connect();
  let failure: unknown;
  try {
    const query: pg.QueryConfig & { query_timeout: number } = {
      name: 'audit_append',
      text: APPEND,
      values: columns,
      query_timeout: APPEND_TIMEOUT_MS,
    };
    await client.query(query);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    // A connection whose statement failed may still be busy with it: it is closed, not used again.
    client.release(failure !== undefined);
  }
}

/** Host, port and database of a URL, without its user and password. */
function describe(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Not kept as a cause: the error of URL holds the text, and that a password.
    throw new GateError('config', 'DATABASE_URL is not a URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw new GateError('config', `DATABASE_URL must start with postgres://, not ${parsed.protocol}//`);
  }
  const host = parsed.hostname || parsed.searchParams.get('host') || 'localhost';
  return `${decodeURIComponent(parsed.pathname.slice(1)) || 'postgres'} at ${host}:${parsed.port || '5432'}`;
}
