// One place for a connection (a server, or a server and a person): has it started on demand (slot-start.ts), keeps it, replaces it, and sees
// to the next attempt. Its callers hold slot-session.ts; what was replaced goes to retired-connections.ts.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { attemptOf, withWords } from '../attempt.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Connection } from './connect.ts';
import type { IdleTime } from './idle-time.ts';
import { parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { createLastLists } from './last-lists.ts';
import { remedy } from '../remedy.ts';
import { createRetiredConnections } from './retired-connections.ts';
import { isSilent } from '../session/is-silent.ts';
import { createSlotSession } from './slot-session.ts';
import { createSlotStart, type ConnectionEvents } from './slot-start.ts';
import { createStartTurn } from './start-turn.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamSession } from '../upstream.ts';

export interface SlotOptions {
  serverName: string;
  clock: Clock;
  /** Makes a connection. */
  connect(events: ConnectionEvents): Promise<Connection>;
  /** Starts again by itself after a failure, and lists the tools when it is there. */
  keepAlive: boolean;
  /** Of this place. */
  breaker: CircuitBreaker;
  /** Of all places of the server, where it has more than one: when it does not start for one, it does not for the others. */
  serverBreaker?: CircuitBreaker;
  idleTime: IdleTime;
  /** A server that did not answer a request in time has so long to show that it is there. */
  pingMs: number;
  /** A connection is there, the first or a new one. */
  onConnected: (session: UpstreamSession) => void;
  /** A list may differ from what it was. */
  onListChanged: (kind: ListKind) => void;
  /** A list has been kept for as long as the server allowed. */
  onListStale: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  onState: (state: SlotState, error: GateError | undefined) => void;
}

export type SlotState = 'idle' | 'starting' | 'ready' | 'failed';

export interface Slot {
  readonly state: SlotState;
  readonly error: GateError | undefined;
  readonly connection: Connection | undefined;
  readonly tools: readonly ListedItem[] | undefined;
  /** What the server said of itself in its last handshake. */
  readonly facts: ServerFacts | undefined;
  readonly breaker: CircuitBreaker;
  readonly processes: number;
  /** Requests under way, on old connections too. */
  readonly pending: number;
  readonly lastUsedAt: number;
  /** Nobody uses the connection, and nobody is told by it what changes. */
  readonly isIdle: boolean;
  acquire(): Promise<UpstreamSession>;
  /** What the server sends that is not as it should be, over this connection or the last one. */
  readonly warnings: readonly string[];
  /** Reads the lists that are known again; resolves when that is done. */
  refresh(): Promise<void>;
  /** Starts in the background. */
  warm(): void;
  /** New calls get a new connection; the present one ends when its calls are done. */
  renew(): void;
  /** Ends the connection of one that is idle; the next call starts it again. What is known of it stays known. */
  stop(): Promise<void>;
  /** No new calls; resolves when the connections have ended, after their calls or `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const uriOf = (paramsText: string) => stringOf(parseRecord(paramsText)?.['uri']) ?? '';

const DRAIN_MS = 30_000;
/** Of a server that asks for a pause and does not say for how long. */
const PAUSE_MS = 1_000;

export function createSlot(options: SlotOptions): Slot {
  const { serverName, clock, breaker, serverBreaker } = options;
  let current: Connection | undefined;
  let error: GateError | undefined;
  let cancelRetry: (() => void) | undefined;
  let lastUsedAt = clock.now();
  let lastFacts: ServerFacts | undefined;
  let lastWarnings: readonly string[] = [];
  let isClosed = false;
  /** Until then a server that asked for a pause is left alone, ms since the epoch. */
  let pausedUntil = 0;
  /** The URIs that the present connection (or the last one, until there is another) is asked to tell of. */
  let followed = new Set<string>();
  let checking: Connection | undefined;
  const retired = createRetiredConnections(clock);
  const lastLists = createLastLists({
    isEager: options.keepAlive,
    onListChanged: options.onListChanged,
    onFailed: (why) => (error = why),
  });
  const starts = createSlotStart({
    clock,
    connect: options.connect,
    onListChanged: options.onListChanged,
    onListStale: options.onListStale,
    onNotification: options.onNotification,
    current: () => current,
    closedError: () => (isClosed ? closedError() : undefined),
    onStarting() {
      cancelRetry?.();
      options.onState('starting', undefined);
    },
    onReady,
    onFailed: startFailed,
    onLost: lost,
    // It may hold an old secret.
    onOvertaken: (connection) => void retired.retire(connection, 0),
  });

  function state(): SlotState {
    if (current !== undefined) return 'ready';
    if (starts.underWay !== undefined) return 'starting';
    return error === undefined ? 'idle' : 'failed';
  }

  /** Somebody waits for what it tells by itself, and would not ask. */
  const isNeeded = () => options.keepAlive || followed.size > 0;

  function failed(why: GateError, backoffMs: number): void {
    error = why;
    options.onState('failed', why);
    if (!isNeeded() || isClosed) return;
    cancelRetry?.();
    cancelRetry = clock.after(backoffMs, warm);
  }

  /** A start that failed for want of room, or of somebody's account, says nothing of the server. */
  function startFailed(why: GateError): void {
    if (attemptOf(why).outcome === 'account_needed') {
      error = undefined;
      return options.onState('idle', undefined);
    }
    if (why.code === 'unavailable') {
      error = why;
      return options.onState('failed', why);
    }
    if (remedy(attemptOf(why), { what: 'connection' }) === 'pause') return pause(why);
    serverBreaker?.failed();
    failed(why, breaker.failed());
  }

  /** It asks for a pause, which is no failure: it is not counted as one, and not asked again before. */
  function pause(why: GateError): void {
    error = why;
    const pauseMs = why.retryAfterMs ?? PAUSE_MS;
    pausedUntil = clock.now() + pauseMs;
    options.onState('failed', why);
    if (!isNeeded() || isClosed) return;
    cancelRetry?.();
    cancelRetry = clock.after(pauseMs, warm);
  }

  function onReady(connection: Connection): void {
    current = connection;
    followed = new Set();
    error = undefined;
    lastFacts = connection.session.facts;
    breaker.connected();
    serverBreaker?.reset();
    options.onState('ready', undefined);
    options.onConnected(sessionOver(connection));
    void lastLists.compare(connection.session, () => connection === current);
  }

  function lost(connection: Connection, why: GateError, livedMs: number, graceMs = DRAIN_MS): void {
    // What still runs on it (HTTP: only the server's own stream has told) may yet be answered.
    void retired.retire(connection, graceMs);
    if (connection !== current) return;
    lastWarnings = connection.session.faults;
    current = undefined;
    if (remedy(attemptOf(why), { what: 'connection' }) !== 'reconnect') return failed(why, breaker.lost(livedMs));
    // The server is well: it was started anew, and knows the old session no more.
    options.onState(state(), undefined);
    if (isNeeded()) warm();
  }

  /** After an answer that did not come: a server that says nothing at all any more is replaced. */
  async function checkAlive(connection: Connection, isWorthIt: () => boolean): Promise<void> {
    if (connection !== current || checking === connection) return;
    checking = connection;
    const silent = await isSilent(connection.session, clock, options.pingMs);
    checking = undefined;
    if (!silent || !isWorthIt()) return;
    const why = `server ${serverName} answers nothing any more, not even a ping; it is replaced on demand`;
    lost(connection, new GateError('upstream', why), 0, 0);
  }

  /** New calls get another connection; what runs on this one ends there. */
  function dismiss(connection: Connection, graceMs: number): void {
    if (connection === current) {
      lastWarnings = connection.session.faults;
      current = undefined;
    }
    void retired.retire(connection, graceMs);
  }

  async function obtain(): Promise<Connection> {
    const turn = createStartTurn({ serverName, clock, breaker, serverBreaker, lastError: () => error });
    while (starts.underWay === undefined) {
      if (current !== undefined) return current;
      if (isClosed) throw closedError();
      if (error?.code === 'throttled' && clock.now() < pausedUntil) throw stillPaused(error);
      const wait = turn();
      if (wait === undefined) break;
      await wait;
    }
    if (starts.underWay !== undefined) return starts.underWay;
    options.idleTime.wanted();
    const isProbe = serverBreaker?.circuit === 'half-open';
    const attempt = starts.start();
    if (isProbe) serverBreaker?.probedBy(attempt);
    return attempt;
  }

  function sessionOver(connection: Connection): UpstreamSession {
    return createSlotSession(connection, {
      serverName,
      clock,
      onRequest(method, paramsText) {
        lastUsedAt = clock.now();
        if (method !== 'resources/subscribe' && method !== 'resources/unsubscribe') return undefined;
        const uri = uriOf(paramsText);
        if (method === 'resources/unsubscribe') return void followed.delete(uri);
        if (followed.has(uri)) return undefined;
        const asked = followed.add(uri);
        return () => void asked.delete(uri);
      },
      onListed(from, kind, list) {
        if (from === current) lastLists.set(kind, list);
      },
      onSilent: (asked, isWorthIt) => void checkAlive(asked, isWorthIt),
      replace(failedOne) {
        if (failedOne === current) dismiss(failedOne, DRAIN_MS);
        return obtain();
      },
    });
  }

  function warm(): void {
    if (current === undefined && starts.underWay === undefined && !isClosed) void starts.start().catch(() => undefined);
  }

  function stillPaused(asked: GateError): GateError {
    const retryAfterMs = pausedUntil - clock.now();
    const left = asked.message.replace(/try again in \d+ s/, `try again in ${Math.ceil(retryAfterMs / 1000)} s`);
    return withWords(asked, left, {}, retryAfterMs);
  }

  function closedError(): GateError {
    return new GateError('upstream', `server ${serverName} was changed or removed; list the tools again`);
  }

  return {
    breaker,
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
      return current?.session.known('tools') ?? lastLists.get('tools');
    },
    get facts() {
      return lastFacts;
    },
    get warnings() {
      return current?.session.faults ?? lastWarnings;
    },
    async refresh() {
      if (current !== undefined) await lastLists.refresh(sessionOver(current));
    },
    get processes() {
      return (current?.session.processes ?? 0) + retired.processes;
    },
    get pending() {
      return (current?.session.pending ?? 0) + retired.pending;
    },
    get lastUsedAt() {
      return lastUsedAt;
    },
    get isIdle() {
      return current !== undefined && current.session.pending === 0 && followed.size === 0;
    },
    async acquire() {
      lastUsedAt = clock.now();
      return sessionOver(current ?? (await obtain()));
    },
    warm,
    renew() {
      breaker.reset();
      serverBreaker?.reset();
      pausedUntil = 0;
      // A start under way may have read the old secret.
      if (starts.underWay !== undefined) starts.overtake();
      if (current !== undefined) {
        dismiss(current, DRAIN_MS);
        warm();
      } else if (isNeeded() && error !== undefined) {
        warm();
      }
    },
    async stop() {
      const old = current;
      if (old === undefined) return;
      lastWarnings = old.session.faults;
      current = undefined;
      options.idleTime.stopped();
      options.onState(state(), undefined);
      await retired.retire(old, 0);
    },
    async close(graceMs) {
      isClosed = true;
      starts.overtake();
      cancelRetry?.();
      if (current !== undefined) dismiss(current, graceMs);
      await starts.underWay?.catch(() => undefined);
      await retired.ended();
    },
  };
}
