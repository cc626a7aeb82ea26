// One place for a connection (a server, or a server and a person): starts it on demand, keeps it, replaces it. A connection that is
// replaced finishes what runs on it, for a bounded time.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Connection } from './connect.ts';
import { notExecutedReason } from './not-executed.ts';
import type { UpstreamSession, UpstreamTool } from './upstream.ts';

export interface SlotOptions {
  serverName: string;
  clock: Clock;
  /** Makes a connection; `onClosed` when it ended by itself, `onToolsChanged` when the server said so. */
  connect(events: {
    onToolsChanged: () => void;
    onClosed: (error: GateError) => void;
    /** Nobody wants this connection any more; the promise rejects soon. */
    signal: AbortSignal;
  }): Promise<Connection>;
  /** Starts again by itself after a failure, and lists the tools when it is there. */
  keepAlive: boolean;
  /** The tools may differ from what they were. */
  onToolsChanged: () => void;
  onState: (state: SlotState, error: GateError | undefined) => void;
}

export type SlotState = 'idle' | 'starting' | 'ready' | 'failed';

export interface Slot {
  readonly state: SlotState;
  readonly error: GateError | undefined;
  readonly connection: Connection | undefined;
  readonly tools: readonly UpstreamTool[] | undefined;
  readonly processes: number;
  /** Requests under way, on old connections too. */
  readonly pending: number;
  readonly lastUsedAt: number;
  acquire(): Promise<UpstreamSession>;
  /** Starts in the background. */
  warm(): void;
  /** New calls get a new connection; the present one ends when its calls are done. */
  renew(): void;
  /** No new calls; resolves when the connections have ended, after their calls or `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** A back-off that ends so soon is waited for by a call instead of failing it. */
const PATIENCE_MS = 1_000;
/** A connection that lived so long was no failed start. */
const STABLE_MS = 10_000;
const DRAIN_MS = 30_000;

export function createSlot(options: SlotOptions): Slot {
  const { serverName, clock } = options;
  let current: Connection | undefined;
  let starting: Promise<Connection> | undefined;
  let startVersion = 0;
  let abandon: AbortController | undefined;
  let error: GateError | undefined;
  let failures = 0;
  let retryAt = 0;
  let cancelRetry: (() => void) | undefined;
  let lastUsedAt = clock.now();
  let lastTools: readonly UpstreamTool[] | undefined;
  let isClosed = false;
  const retired = new Set<Connection>();
  const ending = new Set<Promise<void>>();

  function state(): SlotState {
    if (current !== undefined) return 'ready';
    if (starting !== undefined) return 'starting';
    return error === undefined ? 'idle' : 'failed';
  }

  function failed(why: GateError): void {
    error = why;
    failures++;
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
    retryAt = clock.now() + backoffMs;
    options.onState('failed', why);
    if (!options.keepAlive || isClosed) return;
    cancelRetry?.();
    cancelRetry = clock.after(backoffMs, warm);
  }

  function start(): Promise<Connection> {
    if (starting !== undefined) return starting;
    const version = ++startVersion;
    const controller = new AbortController();
    abandon = controller;
    let early: GateError | undefined;
    let made: Connection | undefined;
    cancelRetry?.();
    const startedAt = clock.now();
    const attempt = options
      .connect({
        signal: controller.signal,
        onToolsChanged: () => {
          if (made === current) options.onToolsChanged();
        },
        onClosed(why) {
          if (made === undefined) early = why;
          else lost(made, why, clock.now() - startedAt);
        },
      })
      .then(
        (connection) => {
          made = connection;
          if (version !== startVersion || isClosed) {
            // Renewed or closed while it started: it may hold an old secret.
            retire(connection, 0);
            if (isClosed) throw closedError();
            return restart();
          }
          starting = undefined;
          if (early !== undefined) {
            lost(connection, early, 0);
            throw early;
          }
          current = connection;
          error = undefined;
          options.onState('ready', undefined);
          void compareTools(connection);
          return connection;
        },
        (cause: unknown) => {
          if (version === startVersion) {
            starting = undefined;
            failed(toGateError(cause));
            throw toGateError(cause);
          }
          if (isClosed) throw closedError();
          return restart();
        },
      );
    starting = attempt;
    // Background starts have nobody who waits; `failed` has told.
    attempt.catch(() => undefined);
    options.onState('starting', undefined);
    return attempt;
  }

  function restart(): Promise<Connection> {
    starting = undefined;
    return start();
  }

  /** Lists at once, so that lists need not wait, and tells where the tools are not what they were. */
  async function compareTools(connection: Connection): Promise<void> {
    if (!options.keepAlive && lastTools === undefined) return;
    try {
      const tools = await connection.session.tools(NEVER);
      failures = 0;
      const isSame =
        lastTools !== undefined &&
        lastTools.length === tools.length &&
        lastTools.every((tool, index) => tool.text === tools[index]?.text);
      lastTools = tools;
      if (!isSame && connection === current) options.onToolsChanged();
    } catch (cause) {
      // The connection stays: calls say themselves what is wrong.
      if (connection === current) error = toGateError(cause);
    }
  }

  function lost(connection: Connection, why: GateError, livedMs: number): void {
    retire(connection, 0);
    if (connection !== current) return;
    current = undefined;
    if (livedMs > STABLE_MS) failures = 0;
    failed(why);
  }

  function retire(connection: Connection, graceMs: number): void {
    if (retired.has(connection)) return;
    retired.add(connection);
    const over = (async () => {
      if (graceMs > 0) {
        let cancel: () => void = () => undefined;
        const deadline = new Promise<void>((resolve) => (cancel = clock.after(graceMs, resolve)));
        await Promise.race([connection.session.drained(), deadline]);
        cancel();
      }
      await connection.session.close();
      retired.delete(connection);
    })();
    ending.add(over);
    void over.finally(() => ending.delete(over));
  }

  async function obtain(): Promise<Connection> {
    if (current !== undefined) return current;
    if (isClosed) throw closedError();
    if (starting === undefined) {
      const waitMs = retryAt - clock.now();
      if (waitMs > PATIENCE_MS && error !== undefined) {
        const seconds = Math.ceil(waitMs / 1000);
        throw new GateError('upstream', `${error.message}; tried again in ${seconds} s`, { cause: error });
      }
      if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
      if (current !== undefined) return current;
    }
    return start();
  }

  function handle(first: Connection): UpstreamSession {
    let connection = first;
    /** Once more on a new connection, where the first provably was not executed. */
    async function onFreshConnection<T>(cause: unknown, again: (fresh: Connection) => Promise<T>): Promise<T> {
      if (notExecutedReason(cause) === undefined) throw cause;
      if (connection === current) {
        current = undefined;
        retire(connection, DRAIN_MS);
      }
      connection = await obtain();
      return again(connection);
    }
    return {
      serverName,
      get secretVersions() {
        return connection.secretVersions;
      },
      request: (request) =>
        connection.session
          .request(request)
          .catch((cause: unknown) => onFreshConnection(cause, (fresh) => fresh.session.request(request))),
      tools: async (signal) => {
        const tools = await connection.session
          .tools(signal)
          .catch((cause: unknown) => onFreshConnection(cause, (fresh) => fresh.session.tools(signal)));
        if (connection === current) lastTools = tools;
        return tools;
      },
    };
  }

  function warm(): void {
    if (current === undefined && starting === undefined && !isClosed) void start().catch(() => undefined);
  }

  function closedError(): GateError {
    return new GateError('upstream', `server ${serverName} was changed or removed; list the tools again`);
  }

  return {
    get state() {
      return state();
    },
    get error() {
      return error;
    },
    get connection() {
      return current;
    },
    get tools() {
      return current?.session.knownTools() ?? lastTools;
    },
    get processes() {
      let count = current?.session.processes ?? 0;
      for (const connection of retired) count += connection.session.processes;
      return count;
    },
    get pending() {
      let count = current?.session.pending ?? 0;
      for (const connection of retired) count += connection.session.pending;
      return count;
    },
    get lastUsedAt() {
      return lastUsedAt;
    },
    async acquire() {
      lastUsedAt = clock.now();
      return handle(current ?? (await obtain()));
    },
    warm,
    renew() {
      retryAt = 0;
      failures = 0;
      // A start under way may have read the old secret.
      if (starting !== undefined) {
        startVersion++;
        abandon?.abort();
      }
      if (current !== undefined) {
        const old = current;
        current = undefined;
        retire(old, DRAIN_MS);
        warm();
      } else if (options.keepAlive && error !== undefined) {
        warm();
      }
    },
    async close(graceMs) {
      isClosed = true;
      startVersion++;
      abandon?.abort();
      cancelRetry?.();
      if (current !== undefined) {
        const old = current;
        current = undefined;
        retire(old, graceMs);
      }
      await starting?.catch(() => undefined);
      await Promise.all(ending);
    },
  };
}

const NEVER = new AbortController().signal;
