// Starts the connection of a slot: one start at a time, for which all callers wait. A start is *overtaken* when a secret is renewed or the slot
// is closed meanwhile: it may have read the old secret, so its connection is not used, and a new start is made.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError, type GateError } from 'mcpgate-shared/error';
import type { Connection } from './connect.ts';
import type { ListKind } from '../../mcp/list-kind.ts';

export interface ConnectionEvents {
  onListChanged: (kind: ListKind) => void;
  onListStale: (kind: ListKind) => void;
  onNotification: (method: string, paramsText: string) => void;
  /** The connection ended by itself. */
  onClosed: (error: GateError) => void;
  /** Aborted when the start is overtaken; the promise of `connect` rejects soon after. */
  signal: AbortSignal;
}

export interface SlotStartOptions extends Omit<ConnectionEvents, 'onClosed' | 'signal'> {
  clock: Clock;
  connect(events: ConnectionEvents): Promise<Connection>;
  /** The slot's connection in use. Events of any other connection are ignored. */
  current(): Connection | undefined;
  /** The error for callers where the slot is closed and nothing is started again; else undefined. */
  closedError(): GateError | undefined;
  onStarting(): void;
  onReady(connection: Connection): void;
  onFailed(error: GateError): void;
  onLost(connection: Connection, error: GateError, livedMs: number): void;
  /** An overtaken start made this connection, which is not used. */
  onOvertaken(connection: Connection): void;
}

export interface SlotStart {
  /** The start under way. */
  readonly underWay: Promise<Connection> | undefined;
  /** The start under way, or a new one. */
  start(): Promise<Connection>;
  /** The start under way must not be used. */
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
    // Nobody may be waiting for the start (`warm`), and `onFailed` has reported the error.
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
