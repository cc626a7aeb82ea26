// The one connection on which a broker listens (LISTEN). It is opened again when it is lost. It is tested all the time: the broker sends itself a beat,
// and expects it back. Without that a connection that was cut off silently would look like one on which no other broker says anything.
import { Socket } from 'node:net';
import type { Clock } from 'mcpgate-shared/clock';
import pg from 'pg';
import { hearingLeftMs } from '../../domain/bounds/hearing-limit.ts';
import { namedUrl } from './named-url.ts';

export const BUS_CHANNEL = 'mcpgate_bus';
const CONNECT_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 10_000;
const BEAT_MS = 400;
/** How long a starting broker waits for its first beat to come back. */
const OPEN_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 500;
const FIRST_BACKOFF_MS = 100;
/** Short, because laptops wait for the broker once the database is back. */
const MAX_BACKOFF_MS = 1_000;

export interface BusConnection {
  /** Connects; resolves when the first beat has come back, rejects where that takes too long. */
  open(): Promise<void>;
  /** To be called when the beat that was sent at `sentAt` has come back. */
  echoed(sentAt: number): void;
  /** Sends `text` over this very connection; does nothing where it is lost. */
  say(text: string): void;
  close(): Promise<void>;
}

export function createBusConnection(options: {
  url: string;
  clock: Clock;
  /** A random number from 0 to 1, which decides about half of each back-off. */
  random: () => number;
  /** Makes the text of a beat. `isNew`: it is the first one on this connection. */
  beat: (isNew: boolean) => string;
  onText: (text: string) => void;
  onFound: () => void;
  onLost: (since: number, error: unknown) => void;
}): BusConnection {
  const { url, clock, beat } = options;
  let client: pg.Client | undefined;
  let socket: Socket | undefined;
  /** When the first beat was sent that has not come back yet. */
  let unheardSince: number | undefined;
  /** For how much of the time since then this process was too busy to read. */
  let busyMs = 0;
  let isFound = false;
  let saying: Promise<unknown> = Promise.resolve();
  let failures = 0;
  let cancelTimer: () => void = () => undefined;
  /** The promise of `open`, until it is settled. */
  let first: { until: number; resolve: () => void; reject: (error: unknown) => void } | undefined;

  function lose(lost: pg.Client, error: unknown): void {
    if (client !== lost) return;
    const since = unheardSince ?? clock.now();
    client = undefined;
    unheardSince = undefined;
    cancelTimer();
    socket?.destroy();
    lost.end().catch(() => undefined);
    if (first !== undefined && clock.now() >= first.until) {
      first.reject(error);
      first = undefined;
      return;
    }
    if (isFound) {
      isFound = false;
      options.onLost(since, error);
    }
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** failures++, MAX_BACKOFF_MS);
    cancelTimer = clock.after(longest * (0.5 + options.random() / 2), connect);
  }

  function say(text: string): void {
    const sayer = client;
    if (sayer === undefined) return;
    // One query after the other, as the driver requires.
    saying = saying
      .then(() => (client === sayer ? sayer.query('select pg_notify($1, $2)', [BUS_CHANNEL, text]) : undefined))
      .catch((error: unknown) => lose(sayer, error));
  }

  function beatOn(beating: pg.Client, isNew: boolean): void {
    if (unheardSince === undefined) {
      unheardSince = clock.now();
      busyMs = 0;
    }
    say(beat(isNew));
    const due = clock.now() + BEAT_MS;
    cancelTimer = clock.after(BEAT_MS, () => {
      // The timer ran late by the time for which this process was busy; that is no silence of the bus.
      busyMs += Math.max(0, clock.now() - due);
      // What has arrived meanwhile is read first: a process that was stopped for a while finds its beats in the socket.
      setImmediate(() => {
        if (client !== beating) return;
        const silentMs = unheardSince === undefined ? 0 : clock.now() - unheardSince;
        if (hearingLeftMs(silentMs, busyMs) === 0) {
          lose(beating, new Error(`what it says does not come round for ${silentMs} ms`));
        } else beatOn(beating, false);
      });
    });
  }

  function connect(): void {
    const opened = new Socket();
    socket = opened;
    const made = new pg.Client({
      connectionString: namedUrl(url, 'mcpgate-broker bus'),
      stream: () => opened,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // A server that hangs right after the login does not answer the first statement either.
      query_timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    client = made;
    made.on('notification', ({ payload }) => {
      if (client === made && payload !== undefined) options.onText(payload);
    });
    made.on('error', (error) => lose(made, error));
    made.on('end', () => lose(made, new Error('the connection has ended')));
    const started = async () => {
      await made.connect();
      if (client !== made) return;
      await made.query(`listen ${BUS_CHANNEL}`);
      if (client === made) beatOn(made, true);
    };
    started().catch((error: unknown) => lose(made, error));
  }

  return {
    open: () =>
      new Promise((resolve, reject) => {
        first = { until: clock.now() + OPEN_LIMIT_MS, resolve, reject };
        connect();
      }),
    echoed(sentAt) {
      if (unheardSince !== undefined && sentAt >= unheardSince) unheardSince = undefined;
      if (isFound || client === undefined) return;
      isFound = true;
      failures = 0;
      first?.resolve();
      first = undefined;
      options.onFound();
    },
    say,
    async close() {
      const last = client;
      client = undefined;
      cancelTimer();
      const cancelCut = clock.after(CLOSE_LIMIT_MS, () => socket?.destroy());
      await last?.end().catch(() => undefined);
      cancelCut();
      socket?.destroy();
    },
  };
}
