// The slot of one place: starts its connection on demand (slot-start.ts), keeps it, replaces it, and decides when a failed one is tried again.
// Callers get a session over it (slot-session.ts); connections that were replaced are left to retired-connections.ts.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { attemptOf, withWords } from '../attempt.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Connection } from './connect.ts';
import type { IdleTime } from './idle-time.ts';
import { parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { createLastLists } from './last-lists.ts';
import { isSilent } from '../session/mcp-session.ts';
import { remedy } from '../remedy.ts';
import { createRetiredConnections } from './retired-connections.ts';
import { createSlotSession } from './slot-session.ts';
import { createSlotStart, type ConnectionEvents } from './slot-start.ts';
import { createStartTurn } from './start-turn.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamSession } from '../upstream.ts';

export interface SlotOptions {
  serverName: string;
  clock: Clock;
  connect(events: ConnectionEvents): Promise<Connection>;
  /** The connection is started again by itself after a failure, and all lists are read as soon as there is one. */
  keepAlive: boolean;
  /** The breaker of this place. */
  breaker: CircuitBreaker;
  /**
   * The breaker of all places of the server together, where it has more than one: a server that does not start for one place will not for
   * another.
   */
  serverBreaker?: CircuitBreaker;
  idleTime: IdleTime;
  /** A server that did not answer a request in time is pinged, and has so long to answer. */
  pingMs: number;
  /** How long a call may go on over a connection that was made with an earlier secret. */
  renewalMs?: number;
  /** A connection was made, the first or another one. */
  onConnected: (session: UpstreamSession) => void;
  /** A list may differ from the one before. */
  onListChanged: (kind: ListKind) => void;
  /** A cached list is too old to be used. */
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
  /** Requests under way, retired connections included. */
  readonly pending: number;
  /** When a caller last used the connection, ms since the epoch. */
  readonly lastUsedAt: number;
  /** A caller waits for the start that is under way. */
  readonly isAwaited: boolean;
  /** There is a connection, no request is under way on it, and no client follows a resource over it. */
  readonly isIdle: boolean;
  /** A session over the connection, which is started where there is none. Throws GateError. */
  acquire(): Promise<UpstreamSession>;
  /** What the server did wrong on this connection, or on the last one. */
  readonly warnings: readonly string[];
  /** Reads the known lists again; resolves when that is done. */
  refresh(): Promise<void>;
  /** Starts the connection in the background. */
  warm(): void;
  /** Gives new calls a new connection, because a secret has changed; the present one ends when its calls are done. */
  renew(): void;
  /** Resolves when no request is under way on connections that were replaced by now; `retiredPending`: how many still are. */
  retiredDrained(): Promise<void>;
  readonly retiredPending: number;
  /** Ends the connection, which is idle; the next call starts it again. Lists and facts stay known. */
  stop(): Promise<void>;
  /** Takes no new calls; resolves when all connections are closed, after their calls or `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const uriOf = (paramsText: string) => stringOf(parseRecord(paramsText)?.['uri']) ?? '';

const DRAIN_MS = 30_000;
/** The pause of a server that asks for one and does not say how long. */
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
  let isAwaited = false;
  /** A server that asked for a pause is not tried before this time, ms since the epoch. */
  let pausedUntil = 0;
  /** The URIs of resources that clients follow over the present connection, or over the last one while there is none. */
  let followed = new Set<string>();
  /** The connection that is being pinged. */
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
    // The connection may have been made with an old secret.
    onOvertaken: (connection) => void retired.retire(connection, 0),
  });

  function state(): SlotState {
    if (current !== undefined) return 'ready';
    if (starts.underWay !== undefined) return 'starting';
    return error === undefined ? 'idle' : 'failed';
  }

  /** Whether the connection must be started again without a call: it is kept alive, or clients wait for updates of resources that they follow. */
  const isNeeded = () => options.keepAlive || followed.size > 0;

  function failed(why: GateError, backoffMs: number): void {
    error = why;
    options.onState('failed', why);
    if (!isNeeded() || isClosed) return;
    cancelRetry?.();
    cancelRetry = clock.after(backoffMs, warm);
  }

  /** A start failed. Where the reason says nothing about the server, as a missing account or a limit on processes does not, it is not counted. */
  function startFailed(why: GateError): void {
    isAwaited = false;
    switch (remedy(attemptOf(why), { what: 'start' })) {
      case 'connect_account':
        error = undefined;
        return options.onState('idle', undefined);
      case 'pause':
        return pause(why);
      case 'back_off':
        serverBreaker?.failed();
        return failed(why, breaker.failed());
      default:
        error = why;
        return options.onState('failed', why);
    }
  }

  /** The server asked for a pause. That is not counted as a failure, and the server is not tried before the pause is over. */
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
    isAwaited = false;
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
    // Requests on it may still be answered: over HTTP only the server's own stream has ended.
    void retired.retire(connection, graceMs);
    if (connection !== current) return;
    lastWarnings = connection.session.faults;
    current = undefined;
    if (remedy(attemptOf(why), { what: 'connection' }) !== 'reconnect') return failed(why, breaker.lost(livedMs));
    options.onState(state(), undefined);
    if (isNeeded()) warm();
  }

  /** Pings a server that left a request unanswered; where that is not answered either, its connection is replaced. */
  async function checkAlive(connection: Connection, isWorthIt: () => boolean): Promise<void> {
    if (connection !== current || checking === connection) return;
    checking = connection;
    const silent = await isSilent(connection.session, clock, options.pingMs);
    checking = undefined;
    if (!silent || !isWorthIt()) return;
    const why = `server ${serverName} answers nothing any more, not even a ping; it is replaced on demand`;
    lost(connection, new GateError('upstream', why), 0, 0);
  }

  /** Retires a connection: new calls get another one, and requests on this one end there. */
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
      if (clock.now() < pausedUntil && error !== undefined && isPause(error)) throw stillPaused(error);
      const wait = turn();
      if (wait === undefined) break;
      await wait;
    }
    isAwaited = true;
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

  const isPause = (why: GateError): boolean => remedy(attemptOf(why), { what: 'start' }) === 'pause';

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
    get isAwaited() {
      return isAwaited;
    },
    get lastUsedAt() {
      return lastUsedAt;
    },
    get isIdle() {
      return current !== undefined && current.session.pending + current.session.streams === 0 && followed.size === 0;
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
      // The start under way may have read the old secret.
      if (starts.underWay !== undefined) starts.overtake();
      if (current !== undefined) {
        dismiss(current, options.renewalMs ?? DRAIN_MS);
        warm();
      } else if (isNeeded() && error !== undefined) {
        warm();
      }
    },
    retiredDrained: () => retired.drained(),
    get retiredPending() {
      return retired.pending;
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
