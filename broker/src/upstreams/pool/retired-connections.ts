// The retired connections of a slot: those that were replaced. Each is closed when its requests are answered, or after a bounded time.
import type { Clock } from 'mcpgate-shared/clock';
import type { Connection } from './connect.ts';

export interface RetiredConnections {
  readonly processes: number;
  /** Requests still under way on retired connections. */
  readonly pending: number;
  /** Closes the connection when its requests are answered, or after `graceMs`; resolves when it is closed. */
  retire(connection: Connection, graceMs: number): Promise<void>;
  /** Resolves when all connections that are retired by now are closed. */
  ended(): Promise<void>;
  /** Resolves when no request is under way on those that are retired by now. */
  drained(): Promise<void>;
}

export function createRetiredConnections(clock: Clock): RetiredConnections {
  const retired = new Set<Connection>();
  const ending = new Set<Promise<void>>();

  async function end(connection: Connection, graceMs: number): Promise<void> {
    if (graceMs > 0) {
      let cancel: () => void = () => undefined;
      const deadline = new Promise<void>((resolve) => (cancel = clock.after(graceMs, resolve)));
      await Promise.race([connection.session.drained(), deadline]);
      cancel();
    }
    await connection.session.close();
    retired.delete(connection);
  }

  async function ended(): Promise<void> {
    await Promise.all(ending);
  }

  return {
    get processes() {
      let count = 0;
      for (const connection of retired) count += connection.session.processes;
      return count;
    },
    get pending() {
      let count = 0;
      for (const connection of retired) count += connection.session.pending;
      return count;
    },
    retire(connection, graceMs) {
      if (retired.has(connection)) return ended();
      retired.add(connection);
      const over = end(connection, graceMs);
      ending.add(over);
      return over.finally(() => ending.delete(over));
    },
    ended,
    async drained() {
      await Promise.all([...retired].map((connection) => connection.session.drained()));
    },
  };
}
