// The engine for more than one broker: PostgreSQL 13 or later over `pg`.
import { type Dialect, Kysely, PostgresDialect, PostgresDriver } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { GateError } from 'mcpgate-shared/error';
import pg from 'pg';
import type { Logger } from 'pino';
import type { BrokerName } from '../../domain/bus.ts';
import { asHostError, HostError } from '../../domain/public-message.ts';
import { AppendInDoubt } from '../audit/row.ts';
import { WordBook } from '../audit/words.ts';
import { PROBE_NAME, type Durability, type Engine } from '../engine.ts';
import { createGuardedDriver } from '../guarded-driver.ts';
import type { Database } from '../schema.ts';
import { appendRows } from './append-audit.ts';
import { databaseName } from './database-name.ts';
import { createPostgresBus } from './postgres-bus.ts';
import { explainPostgresError, isServerLost } from './postgres-error.ts';
import { createPostgresPool, forQueryBuilder, type GuardedPool } from './postgres-pool.ts';

const POOL_SIZE = 10;
/**
 * A statement that was sent before the bus was lost, and has no answer this long after the bus was found again, was sent to a server that is gone: its
 * connection is cut.
 */
const STUCK_MS = 2_000;

/** Pools for `url`; connects at first use. Throws `config` where `url` is no PostgreSQL URL. */
export function openPostgres(
  url: string,
  options: { log: Logger; clock: Clock; self: BrokerName; durability?: Durability; isOfRestore?: boolean },
): Engine {
  const { log, clock, self, durability = 'commit', isOfRestore = false } = options;
  const database = databaseName(url);
  const explain = (error: unknown): GateError => explainPostgresError(database, error);
  const types = typesOfColumns();
  // An unused connection that was lost needs no more than a line in the log: the next query opens another one.
  const onLost = (error: unknown) => log.warn({ err: explain(error) }, 'lost an idle database connection');

  // A connection may outlive its process for a moment, and that of a restore is no broker's.
  const name = isOfRestore ? 'mcpgate restore' : 'mcpgate-broker';
  const pool = createPostgresPool({ url, name, max: POOL_SIZE, types, onLost, isOfRestore });
  // The audit log has a connection of its own: rows of a chain are appended in order, and slow searches cannot delay a call.
  const auditPool = createPostgresPool({ url, name, max: 1, types, onLost, isOnDisk: durability === 'disk' });
  const db = new Kysely<Database>({ dialect: dialectOver(pool, explain) });
  const bus = createPostgresBus({ url, db, self, clock, log, explain });
  const words = new WordBook();
  let closed = false;
  bus.listen((event) => {
    if (event.kind !== 'found') return;
    const foundAt = performance.now();
    for (const each of [pool, auditPool]) each.renew();
    clock.after(STUCK_MS, () => {
      const cut = pool.cutBusySince(foundAt) + auditPool.cutBusySince(foundAt);
      if (cut > 0) log.warn({ connections: cut }, 'database connections that did not answer any more were cut');
    });
  });

  return {
    kind: 'postgres',
    db,
    bus,
    announce: bus.announce,
    words,
    log: { kind: 'postgres', url },
    async appendAudit(rows, chains) {
      const client = await auditPool.connect().catch((error: unknown) => {
        throw asHostError(explain(error));
      });
      try {
        await appendRows(client, words, rows, chains);
      } catch (error) {
        const { code, message } = explain(error);
        // Where the server was lost, nobody knows whether it has committed the rows.
        const Failure = isServerLost(error) ? AppendInDoubt : HostError;
        throw new Failure(code, message, { cause: error });
      } finally {
        client.release();
      }
    },
    async probe(value) {
      await db
        .insertInto('settings')
        .values({ name: PROBE_NAME, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
    async close() {
      if (closed) return;
      closed = true;
      await bus.close();
      // Not through the query builder: it would refuse later queries with an error that is no GateError.
      await Promise.all([pool.end(), auditPool.end()]);
    },
  };
}

/** One connection that reads, without a bus. */
export function openPostgresReads(url: string): { dialect: Dialect; close: () => Promise<void> } {
  const database = databaseName(url);
  const pool = createPostgresPool({ url, max: 1, types: typesOfColumns(), onLost: () => undefined, isByIndex: true });
  const dialect = dialectOver(pool, (error) => explainPostgresError(database, error));
  return { dialect, close: () => pool.end() };
}

/** bigint columns are read as numbers, as SQLite's are: counts and times are far below 2^53. */
function typesOfColumns(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  return types;
}

function dialectOver(pool: GuardedPool, explain: (error: unknown) => GateError): Dialect {
  const built = forQueryBuilder(pool);
  const plain = new PostgresDialect({ pool: built });
  return {
    createAdapter: () => plain.createAdapter(),
    createDriver: () => createGuardedDriver(new PostgresDriver({ pool: built }), explain),
    createIntrospector: (db) => plain.createIntrospector(db),
    createQueryCompiler: () => plain.createQueryCompiler(),
  };
}
