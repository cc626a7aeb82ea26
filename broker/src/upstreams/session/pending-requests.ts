// The requests under way on one connection: who waits for which id, until when, and when nobody does any more.
import type { Clock } from 'mcpgate-shared/clock';
import type { GateError } from 'mcpgate-shared/error';
import type { PeerRequest } from './peer-request.ts';
import type { UpstreamReply } from '../upstream.ts';

export interface PendingRequest {
  request: PeerRequest;
  resolve: (reply: UpstreamReply) => void;
  reject: (error: GateError) => void;
  timeoutMs: number;
  /** When it has timed out, ms since the epoch; progress moves it. */
  deadline: number;
}

export interface PendingRequests {
  /** Without those that last as long as the connection. */
  readonly size: number;
  add(id: number, entry: PendingRequest): void;
  get(id: number): PendingRequest | undefined;
  /** It is over, one way or another. Undefined: nobody waits for it. */
  settle(id: number): PendingRequest | undefined;
  /** No answer comes any more, to any. */
  failAll(errorFor: (method: string) => GateError): void;
  /** Calls `onLate` at the deadline, wherever it is by then; what it returns ends the watch. */
  watch(entry: PendingRequest, onLate: () => void): () => void;
  /** Resolves when none is under way. */
  drained(): Promise<void>;
}

export function createPendingRequests(clock: Clock): PendingRequests {
  const pending = new Map<number, PendingRequest>();
  let counted = 0;
  let idle: (() => void)[] = [];

  function settle(id: number): PendingRequest | undefined {
    const entry = pending.get(id);
    if (entry === undefined) return undefined;
    pending.delete(id);
    if (entry.request.isLasting === true) return entry;
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
    add(id, entry) {
      pending.set(id, entry);
      if (entry.request.isLasting !== true) counted++;
    },
    get: (id) => pending.get(id),
    settle,
    failAll(errorFor) {
      for (const [id, entry] of pending) settle(id)?.reject(errorFor(entry.request.method));
    },
    watch(entry, onLate) {
      if (entry.request.isLasting === true) return () => undefined;
      let cancel = clock.after(entry.deadline - clock.now(), function look() {
        const leftMs = entry.deadline - clock.now();
        if (leftMs > 0) cancel = clock.after(leftMs, look);
        else onLate();
      });
      return () => cancel();
    },
    drained: () => (counted === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}
