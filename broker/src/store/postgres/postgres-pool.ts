// Connections to PostgreSQL, a few at a time. One that has ended, hangs or leads to a server that takes no writes any more is given back as
// broken, so that nobody gets it again; and none that dies while it is lent out takes the process with it.
import { Socket } from 'node:net';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { isServerLost, ReadOnlyServer } from './postgres-error.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const PREPARE_TIMEOUT_MS = 2_000;
/** A server that lives but does not come to an end with a statement ends it by itself, and its locks with it. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** One that says nothing is given up a little later. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** So long one that was made before the server was lost may take for a statement: it may lead to a server that is gone. */
const OLD_QUERY_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 10_000;
/** So long a server has for its goodbye. */
const END_LIMIT_MS = 500;

/** A connection that is lent out. */
export interface LentClient {
  query(statement: pg.QueryConfig & { query_timeout?: number }): Promise<pg.QueryResult>;
  /** Once. */
  release(destroy?: boolean): void;
}

export interface GuardedPool {
  connect(): Promise<LentClient>;
  /** Connections that were made before now are not lent out any more: they may lead to a server that is gone. */
  renew(): void;
  /** Cuts every connection whose statement was begun before `at` (of `performance.now()`) and is not answered; returns how many. */
  cutBusySince(at: number): number;
  end(): Promise<void>;
}

/** It has a listener for its errors from its first moment to its last: without one an error of a connection ends the process. */
class ListenedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined); // who waits for it hears it by what rejects, and of idle ones the pool says it
  }
}

/** Connects at first use. `onLost`: one was lost while nobody used it. */
export function createPostgresPool(options: {
  url: string;
  max: number;
  types: pg.CustomTypesConfig;
  onLost: (error: unknown) => void;
}): GuardedPool {
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    Client: ListenedClient,
    connectionString: options.url,
    max: options.max,
    types: options.types,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'mcpgate-broker',
    stream() {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    onConnect,
  });
  pool.on('error', (error) => options.onLost(error));
  /** Since when those that are lent out wait for an answer. */
  const busy = new Map<pg.PoolClient, number>();
  const madeAt = new WeakMap<pg.PoolClient, number>();
  pool.on('connect', (client) => madeAt.set(client, performance.now()));
  let renewedAt = 0;
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
            // It may still be busy with the statement, or have ended, or be one that writes nothing.
            isBroken ||= isServerLost(error);
            throw error;
          } finally {
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
      for (const [client] of stuck) {
        // The driver cuts one that has a statement under way, and tells whoever waits for it.
        if (client instanceof pg.Client) client.end().catch(() => undefined);
      }
      return stuck.length;
    },
    async end() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, END_LIMIT_MS).unref());
      // A server that says nothing would hold the process with its half-closed sockets.
      await Promise.race([pool.end(), late]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `pool` as the query builder wants it. */
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

/** The pool waits for what it returns. */
const onConnect: (client: pg.ClientBase) => unknown = (client) => prepare(client);

/** A server on which nothing can be written is not the one that is wanted: a standby, or a primary that is none any more. */
async function prepare(client: pg.ClientBase): Promise<void> {
  const asked: pg.QueryConfig & { query_timeout: number } = {
    text: `select set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', false), current_setting('transaction_read_only') as read_only`,
    // A part of connecting, and not longer: the pool keeps its place for it.
    query_timeout: PREPARE_TIMEOUT_MS,
  };
  const { rows } = await client.query<{ read_only: string }>(asked);
  if (rows[0]?.read_only === 'on') throw new ReadOnlyServer();
}
