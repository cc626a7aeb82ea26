// The one connection on which a broker listens (LISTEN): opened again where it is lost, and tested all the while, because a connection
// that was cut off without a word looks like one on which nobody says anything.
import { Socket } from 'node:net';
import type { Clock } from 'mcpgate-shared/clock';
import pg from 'pg';
import { hearingLeftMs } from '../../domain/hearing-limit.ts';

export const BUS_CHANNEL = 'mcpgate_bus';
const CONNECT_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 10_000;
const BEAT_MS = 400;
/** How long a start waits for it. */
const OPEN_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 500;
const FIRST_BACKOFF_MS = 100;
/** Short: laptops wait for the broker once the database is back. */
const MAX_BACKOFF_MS = 1_000;

export interface BusConnection {
  /** Resolves when what it says comes round; rejects where it does not for a while. */
  open(): Promise<void>;
  /** What was said at `sentAt` has come round. */
  echoed(sentAt: number): void;
  /** Says `text` on the connection itself, where there is one. */
  say(text: string): void;
  close(): Promise<void>;
}

export function createBusConnection(options: {
  url: string;
  clock: Clock;
  /** From 0 to 1: half of each back-off is left to it. */
  random: () => number;
  /** What to say to see whether it comes round. `isNew`: the connection is. */
  beat: (isNew: boolean) => string;
  onText: (text: string) => void;
  onFound: () => void;
  onLost: (since: number, error: unknown) => void;
}): BusConnection {
  const { url, clock, beat } = options;
  let client: pg.Client | undefined;
  let socket: Socket | undefined;
  /** The first thing said that has not come round. */
  let unheardSince: number | undefined;
  /** So much of the time since then the process was busy. */
  let busyMs = 0;
  let isFound = false;
  let saying: Promise<unknown> = Promise.resolve();
  let failures = 0;
  let cancelTimer: () => void = () => undefined;
  /** Whoever waits for the first connection. */
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
    // One after the other, as the driver wants it.
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
      // So long this process had too much else to do to hear anything: no silence of the bus.
      busyMs += Math.max(0, clock.now() - due);
      // What has come round meanwhile is read first: a process that was stopped finds it in its socket.
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
      connectionString: url,
      stream: () => opened,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // A server that stands still as soon as it has let somebody in says nothing to the first statement either.
      query_timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'mcpgate-broker bus',
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
