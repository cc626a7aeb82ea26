// A pool of a few connections to PostgreSQL. A connection that has ended, hangs, or leads to a server that takes no writes any more is dropped, so that
// no query gets it again. An error of a connection never ends the process.
import { Socket } from 'node:net';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { namedUrl } from './named-url.ts';
import { isServerLost, ReadOnlyServer } from './postgres-error.ts';
import { IS_HELD_FOR_RESTORE } from './restore-lock.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const PREPARE_TIMEOUT_MS = 2_000;
/** Of threads that give way to calls, and get a processor late where many others want it. */
const PATIENT_TIMEOUT_MS = 30_000;
/** So often a restore that holds the database is waited for, a tenth of a second each: it waits longer for connections that do so (restore-postgres.ts). */
const RELEASE_TRIES = 3;
/** After this time the server itself ends a statement, with its locks. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A server that does not do so either is given up a little later. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** The same for a connection from before the server was lost, which may lead to a server that is gone. */
const OLD_QUERY_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 10_000;
/** How long `end` waits for the server to close the connections. */
const END_LIMIT_MS = 500;

/** A connection that is lent out. */
export interface LentClient {
  query(statement: pg.QueryConfig & { query_timeout?: number }): Promise<pg.QueryResult>;
  /** What a `COPY … TO STDOUT` says. */
  copy(text: string): Promise<Buffer>;
  /** To be called once. `destroy`: do not use the connection again. */
  release(destroy?: boolean): void;
}

export interface GuardedPool {
  connect(): Promise<LentClient>;
  /** From now on connections that were made before are not lent out any more: they may lead to a server that is gone. */
  renew(): void;
  /** Cuts every connection that waits for the answer to a statement since before `at` (of `performance.now()`); returns how many. */
  cutBusySince(at: number): number;
  end(): Promise<void>;
}

/** A client that always has a listener for its errors: without one an error of a connection would end the process. */
class ListenedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined); // a running query rejects, and of idle connections the pool tells
  }
}

/** Connects at first use. `onLost` is called when an unused connection was lost. */
export function createPostgresPool(options: {
  url: string;
  max: number;
  types: pg.CustomTypesConfig;
  /** As which the server knows its connections. */
  name?: string;
  /**
   * It is of a thread that reads the log beside everything else. No call waits for it, so that a busy machine is given more time to connect; and it may
   * read beside a restore, as the restore itself does at its end.
   */
  isOfLog?: boolean;
  onLost: (error: unknown) => void;
  /** A commit is answered once it is on the server's disk, whatever the server is set to. */
  isOnDisk?: boolean;
  /** For few rows of many: the server walks an index to where they are, whatever it believes, or does not know yet, of how many rows there are. */
  isByIndex?: boolean;
  /** It is the restore's own, which holds the database. */
  isOfRestore?: boolean;
}): GuardedPool {
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    Client: ListenedClient,
    connectionString: namedUrl(options.url, options.name ?? 'mcpgate-broker'),
    max: options.max,
    types: options.types,
    connectionTimeoutMillis: options.isOfLog === true ? PATIENT_TIMEOUT_MS : CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    stream() {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    onConnect: (client: pg.ClientBase): unknown => prepare(client, options),
  });
  pool.on('error', (error) => options.onLost(error));
  /** The lent connections that wait for an answer, and since when. */
  const busy = new Map<pg.PoolClient, number>();
  const madeAt = new WeakMap<pg.PoolClient, number>();
  pool.on('connect', (client) => madeAt.set(client, performance.now()));
  let renewedAt = 0;
  /** While a statement is under way the driver cuts the connection, and the statement rejects. */
  const cut = (client: pg.PoolClient): void => {
    if (client instanceof pg.Client) client.end().catch(() => undefined);
  };
  const isOld = (client: pg.PoolClient) => (madeAt.get(client) ?? 0) < renewedAt;

  return {
    async connect() {
      let client = await pool.connect();
      while (isOld(client)) {
        client.release(true);
        client = await pool.connect();
      }
      let isBroken = false;
      return {
        async query(statement) {
          busy.set(client, performance.now());
          try {
            return await client.query(
              isOld(client) ? { ...statement, query_timeout: OLD_QUERY_TIMEOUT_MS } : statement,
            );
          } catch (error) {
            // The connection may still be busy with the statement, have ended, or lead to a server that takes no writes.
            isBroken ||= isServerLost(error);
            throw error;
          } finally {
            busy.delete(client);
          }
        },
        async copy(text) {
          busy.set(client, performance.now());
          const copy: ReturnType<typeof copyTo> & { callback?: () => void } = copyTo(text);
          // A copy that says nothing more for long is given up, with its connection.
          const silence = setTimeout(() => cut(client), isOld(client) ? OLD_QUERY_TIMEOUT_MS : QUERY_TIMEOUT_MS);
          try {
            const chunks: Buffer[] = [];
            client.query(copy);
            // The driver's own bound would end a copy, also one that is over, and leave the connection in its middle.
            copy.callback?.();
            for await (const chunk of copy) {
              chunks.push(chunk as Buffer);
              silence.refresh();
            }
            return Buffer.concat(chunks);
          } catch (error) {
            isBroken ||= isServerLost(error);
            throw error;
          } finally {
            clearTimeout(silence);
            busy.delete(client);
          }
        },
        release: (destroy = false) => client.release(destroy || isBroken || isOld(client)),
      };
    },
    renew() {
      renewedAt = performance.now();
    },
    cutBusySince(at) {
      const stuck = [...busy].filter(([, since]) => since < at);
      for (const [client] of stuck) cut(client);
      return stuck.length;
    },
    async end() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, END_LIMIT_MS).unref());
      // A server that does not answer would leave half-closed sockets, which would keep the process from ending.
      await Promise.race([pool.end(), late]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The pool in the form that the query builder takes. */
export function forQueryBuilder(pool: GuardedPool): PostgresPool {
  return {
    options: {},
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const query = (text: string, values: readonly unknown[]) => client.query({ text, values: [...values] });
      return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
    },
  };
}

/**
 * Sets the time-outs of a connection. Throws where the server takes no writes (a standby, or a primary that was made one), and where a restore into
 * the database is under way.
 */
async function prepare(
  client: pg.ClientBase,
  {
    isOnDisk = false,
    isByIndex = false,
    isOfLog = false,
    isOfRestore = false,
  }: Partial<Record<'isOnDisk' | 'isByIndex' | 'isOfLog' | 'isOfRestore', boolean>>,
): Promise<void> {
  // Where the server asks for more than its own disk, it goes on doing so.
  const commits = isOnDisk
    ? `, case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end`
    : '';
  const walks = isByIndex
    ? `, set_config('enable_bitmapscan', 'off', false), set_config('enable_seqscan', 'off', false)`
    : '';
  const asked: pg.QueryConfig & { query_timeout: number } = {
    text: `select set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', false), current_setting('transaction_read_only') as read_only, ${IS_HELD_FOR_RESTORE} as is_held${commits}${walks}`,
    // This is a part of connecting, and as short: the pool counts the connection meanwhile.
    query_timeout: isOfLog ? PATIENT_TIMEOUT_MS : PREPARE_TIMEOUT_MS,
  };
  const { rows } = await client.query<{ read_only: string; is_held: boolean }>(asked);
  if (rows[0]?.read_only === 'on') throw new ReadOnlyServer();
  if (rows[0]?.is_held !== true || isOfRestore || isOfLog) return;
  // The server takes a moment to notice that a restore was killed.
  for (let left = RELEASE_TRIES; left > 0; left--) {
    const again = {
      text: `select ${IS_HELD_FOR_RESTORE} as is_held from pg_sleep(0.1)`,
      query_timeout: PREPARE_TIMEOUT_MS,
    };
    if ((await client.query<{ is_held: boolean }>(again)).rows[0]?.is_held === false) return;
  }
  throw new GateError('unavailable', 'a restore into this database is under way: start brokers when it has ended');
}
