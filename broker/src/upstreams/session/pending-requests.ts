// The requests under way on one connection: which caller waits for which id, and until when.
import type { Clock } from 'mcpgate-shared/clock';
import type { GateError } from 'mcpgate-shared/error';
import type { TraceFields } from '../../domain/outside/call-span.ts';
import type { Pieces } from '../../message/pieces.ts';
import type { UpstreamReply } from '../upstream.ts';

/** A request as a peer sends it. */
export interface PeerRequest {
  method: string;
  paramsText: string;
  pieces?: Pieces;
  takesPieces?: boolean;
  /** The span that it is sent as: told in `_meta`, and in headers where there are any. */
  trace?: TraceFields;
  signal: AbortSignal;
  onProgress?: (paramsText: string) => void;
  /** HTTP headers, names and values in turn. With them the request is outside of any HTTP session, and cancelling it ends its exchange. */
  headers?: readonly string[];
  /** Called with notifications that come in the answer to this very request, where the wire can tell. */
  onNotification?: (method: string, paramsText: string) => void;
  /** Called where an answer came although the request was cancelled; the answer is dropped. */
  onLateAnswer?: () => void;
  /** The request lasts as long as the connection: it never times out, and does not count as under way. */
  isLasting?: boolean;
  /** Set where it lasts as long as a caller wants, as `UpstreamRequest` has it. */
  onStreamed?: (method: string, paramsText: string) => void;
  /** Called with the id that the request is sent under. */
  onId?: (id: number) => void;
}

export interface PendingRequest {
  request: PeerRequest;
  resolve: (reply: UpstreamReply) => void;
  reject: (error: GateError) => void;
  timeoutMs: number;
  /** When it times out, ms since the epoch; progress moves it. Infinity: never. */
  deadline: number;
}

export interface PendingRequests {
  /** Number of requests under way, without those that last. */
  readonly size: number;
  /** Number of those that last as long as a caller wants. */
  readonly streams: number;
  add(id: number, entry: PendingRequest): void;
  get(id: number): PendingRequest | undefined;
  /** Removes a request, which the caller then resolves or rejects; undefined where it is no longer under way. */
  settle(id: number): PendingRequest | undefined;
  /** Rejects all requests, because no answer comes any more. */
  failAll(errorFor: (method: string) => GateError): void;
  /** Calls `onLate` at the request's deadline, which may move until then. Returns the function that ends the watch. */
  watch(entry: PendingRequest, onLate: () => void): () => void;
  /** Resolves when no request is under way. */
  drained(): Promise<void>;
}

export function createPendingRequests(clock: Clock): PendingRequests {
  const pending = new Map<number, PendingRequest>();
  let counted = 0;
  let streams = 0;
  let idle: (() => void)[] = [];

  function settle(id: number): PendingRequest | undefined {
    const entry = pending.get(id);
    if (entry === undefined) return undefined;
    pending.delete(id);
    if (entry.request.isLasting === true) return entry;
    if (entry.request.onStreamed !== undefined) {
      streams--;
      return entry;
    }
    counted--;
    if (counted === 0 && idle.length > 0) {
      for (const resolve of idle) resolve();
      idle = [];
    }
    return entry;
  }

  return {
    get size() {
      return counted;
    },
    get streams() {
      return streams;
    },
    add(id, entry) {
      pending.set(id, entry);
      if (entry.request.onStreamed !== undefined) streams++;
      else if (entry.request.isLasting !== true) counted++;
    },
    get: (id) => pending.get(id),
    settle,
    failAll(errorFor) {
      for (const [id, entry] of pending) settle(id)?.reject(errorFor(entry.request.method));
    },
    watch(entry, onLate) {
      if (entry.request.isLasting === true) return () => undefined;
      let cancel = clock.after(entry.deadline - clock.now(), function look() {
        if (entry.deadline === Infinity) return;
        const leftMs = entry.deadline - clock.now();
        if (leftMs > 0) cancel = clock.after(leftMs, look);
        else onLate();
      });
      return () => cancel();
    },
    drained: () => (counted === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}
