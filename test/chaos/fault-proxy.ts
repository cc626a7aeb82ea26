// A TCP proxy in bad weather: cuts, holes, stalls, throttles, delays and shreds what passes. It knows nothing of what the bytes mean.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Direction = 'up' | 'down';

export interface FaultProxy {
  readonly url: string;
  /** Where the connections go: host and port. */
  target: string;
  readonly connections: number;
  /** Resets every connection. */
  cut(): void;
  /** From now on, present connections swallow what comes in these directions, and its end; both ends believe that they are connected. */
  swallow(directions: readonly Direction[]): { reset(): void };
  /** Nothing passes for so long; nothing is lost. */
  stall(ms: number): void;
  throttle(bytesPerSecond: number, ms: number): void;
  delay(eachMs: number, ms: number): void;
  /** Everything in segments of this many bytes. */
  shred(bytes: number, ms: number): void;
  close(): Promise<void>;
}

interface Connection {
  sides: readonly [Socket, Socket];
  holes: Set<Direction>;
}

const PIECE_BYTES = 16 * 1024;

export async function startFaultProxy(): Promise<FaultProxy> {
  const connections = new Set<Connection>();
  const now = () => performance.now();
  let stalledUntil = 0;
  let throttled = { bytesPerSecond: 0, until: 0 };
  let delayed = { eachMs: 0, until: 0 };
  let shredded = { bytes: 0, until: 0 };

  const reset = ({ sides }: Connection) => {
    for (const side of sides) side.resetAndDestroy();
  };

  /** Puts a chunk through the weather. */
  const pass = async (chunk: Buffer, to: Socket, swallowed: () => boolean) => {
    let offset = 0;
    while (offset < chunk.length) {
      if (delayed.until > now()) await sleep(delayed.eachMs);
      for (let left = stalledUntil - now(); left > 0; left = stalledUntil - now()) await sleep(left);
      if (swallowed() || to.destroyed) return;
      const piece = chunk.subarray(offset, offset + (shredded.until > now() ? shredded.bytes : PIECE_BYTES));
      offset += piece.length;
      if (throttled.until > now()) await sleep((piece.length * 1_000) / throttled.bytesPerSecond);
      if (!to.write(piece) && !to.destroyed) await once(to, 'drain').catch(() => undefined);
    }
  };

  const carry = async (connection: Connection, direction: Direction) => {
    const [laptop, broker] = connection.sides;
    const [from, to] = direction === 'up' ? [laptop, broker] : [broker, laptop];
    const swallowed = () => connection.holes.has(direction);
    try {
      for await (const chunk of from) await pass(chunk as Buffer, to, swallowed);
      if (!swallowed()) to.end();
    } catch {
      if (!swallowed()) reset(connection); // it was reset at one end: so it is at the other
    }
  };

  const server = createServer({ allowHalfOpen: true }, (laptop) => {
    const { hostname, port } = new URL(proxy.target);
    const broker = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    laptop.setNoDelay(true);
    const connection: Connection = { sides: [laptop, broker], holes: new Set() };
    connections.add(connection);
    for (const side of connection.sides) side.on('error', () => undefined); // `carry` sees it
    void Promise.all([carry(connection, 'up'), carry(connection, 'down')]).then(() => {
      if (connection.holes.size === 0) connections.delete(connection);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    get connections() {
      return connections.size;
    },
    cut() {
      for (const connection of connections) reset(connection);
    },
    swallow(directions) {
      const taken = [...connections];
      for (const { holes } of taken) for (const direction of directions) holes.add(direction);
      return {
        reset() {
          for (const connection of taken) {
            reset(connection);
            connections.delete(connection);
          }
        },
      };
    },
    stall(ms) {
      stalledUntil = Math.max(stalledUntil, now() + ms);
    },
    throttle(bytesPerSecond, ms) {
      throttled = { bytesPerSecond, until: now() + ms };
    },
    delay(eachMs, ms) {
      delayed = { eachMs, until: now() + ms };
    },
    shred(bytes, ms) {
      shredded = { bytes, until: now() + ms };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections) reset(connection);
      await closed;
    },
  };
  return proxy;
}
