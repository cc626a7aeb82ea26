// Starts a slot's connection: one start at a time, which everybody who wants one waits for. A start that is overtaken (a secret was renewed,
// the slot is closed) may hold what was before: what comes of it is not used, and it is made again.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError, type GateError } from 'mcpgate-shared/error';
import type { Connection } from './connect.ts';
import type { ListKind } from '../../mcp/list-kind.ts';

export interface ConnectionEvents {
  onListChanged: (kind: ListKind) => void;
  onListStale: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  /** It ended by itself; the others when the server said so. */
  onClosed: (error: GateError) => void;
  /** Nobody wants this connection any more; the promise rejects soon. */
  signal: AbortSignal;
}

export interface SlotStartOptions extends Omit<ConnectionEvents, 'onClosed' | 'signal'> {
  clock: Clock;
  connect(events: ConnectionEvents): Promise<Connection>;
  /** The one in use: what the server says over another one is of no interest. */
  current(): Connection | undefined;
  /** The slot is closed: nothing is started again. */
  closedError(): GateError | undefined;
  onStarting(): void;
  onReady(connection: Connection): void;
  onFailed(error: GateError): void;
  onLost(connection: Connection, error: GateError, livedMs: number): void;
  /** It came too late to be used. */
  onOvertaken(connection: Connection): void;
}

export interface SlotStart {
  /** The start under way. */
  readonly underWay: Promise<Connection> | undefined;
  /** The start under way, or a new one. */
  start(): Promise<Connection>;
  /** What is under way is not to be used. */
  overtake(): void;
}

export function createSlotStart(options: SlotStartOptions): SlotStart {
  const { clock } = options;
  let underWay: Promise<Connection> | undefined;
  let version = 0;
  let abandon: AbortController | undefined;

  function start(): Promise<Connection> {
    if (underWay !== undefined) return underWay;
    const own = ++version;
    const controller = new AbortController();
    abandon = controller;
    const startedAt = clock.now();
    let early: GateError | undefined;
    let made: Connection | undefined;
    const isOfInterest = () => made === options.current();
    const attempt = options
      .connect({
        signal: controller.signal,
        onListChanged: (kind) => {
          if (isOfInterest()) options.onListChanged(kind);
        },
        onListStale: (kind) => {
          if (isOfInterest()) options.onListStale(kind);
        },
        onNotification: (method, paramsText) => {
          if (isOfInterest()) options.onNotification(method, paramsText);
        },
        onClosed(why) {
          if (made === undefined) early = why;
          else options.onLost(made, why, clock.now() - startedAt);
        },
      })
      .then(
        (connection) => {
          made = connection;
          if (own !== version) {
            options.onOvertaken(connection);
            return again();
          }
          underWay = undefined;
          if (early !== undefined) {
            options.onLost(connection, early, 0);
            throw early;
          }
          options.onReady(connection);
          return connection;
        },
        (cause: unknown) => {
          if (own !== version) return again();
          underWay = undefined;
          const error = toGateError(cause);
          options.onFailed(error);
          throw error;
        },
      );
    underWay = attempt;
    // Background starts have nobody who waits; `onFailed` has told.
    attempt.catch(() => undefined);
    options.onStarting();
    return attempt;
  }

  function again(): Promise<Connection> {
    const error = options.closedError();
    if (error !== undefined) throw error;
    underWay = undefined;
    return start();
  }

  return {
    get underWay() {
      return underWay;
    },
    start,
    overtake() {
      version++;
      abandon?.abort();
    },
  };
}
