// What may be done about an attempt at a server that came to nothing: the one place that decides it, from what became of the attempt and
// from what was tried, and from nothing else. Those who ask know how it is done: on which connection, how soon, how often.
import type { Attempt, Outcome, NotExecuted } from './attempt.ts';

export type Remedy =
  /** The same request once more, although it may have been executed: its caller trusts what the tool says of itself. */
  | 'send_again'
  /** A new connection; a request that was under way may go over it once more. */
  | 'reconnect'
  /** The server is asked in the way of the other generation of MCP. */
  | 'other_generation'
  /** The server is asked over the transport of 2024-11-05. */
  | 'other_transport'
  /** The same again, after a while. */
  | 'pause'
  /** Whoever asked is told. */
  | 'tell';

/** Why a tool may be called again although it may have been executed. */
export type Repeatable = 'read_only' | 'idempotent';

/** What was tried. */
export type Tried =
  | { what: 'request'; repeatable: Repeatable | undefined }
  /** A request as it is from 2026-07-28 on, at a server that has been one of these. */
  | { what: 'modern_request' }
  /** `server/discover` or `initialize`, on a connection that may take the other one too. */
  | { what: 'handshake' }
  /** To open a connection that speaks with its server. `isKnown`: it was tried in the way that worked last time. */
  | { what: 'opening'; isKnown: boolean }
  /** To have a connection, or to keep it. */
  | { what: 'connection' }
  /** The stream on which a server over Streamable HTTP speaks by itself. */
  | { what: 'server_stream'; hasSession: boolean }
  /** `subscriptions/listen`. */
  | { what: 'subscription' };

/** HTTP statuses of a server that knows nothing of 2026-07-28 (Streamable HTTP, "Backward Compatibility"). */
const NOT_MODERN: readonly unknown[] = [400, 404, 405];
/** Those of a server that has no Streamable HTTP at its URL (2026-07-28, Streamable HTTP, "HTTP+SSE Transport"). */
const NO_STREAMABLE_HTTP: readonly unknown[] = [400, 404, 405];
/** Those that say nothing about the protocol. */
const NO_VERDICT: readonly unknown[] = [401, 403, 407, 429];
/** Outcomes that say nothing about the generation of a server, or all that there is to say. */
const NO_OTHER_GENERATION: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost'] as const),
  ...(['incompatible', 'cancelled', 'misconfigured', 'own_fault'] as const),
]);

export function remedy(attempt: Attempt, tried: Tried): Remedy {
  const { outcome, status, endedUnder } = attempt;
  switch (tried.what) {
    case 'request':
      if (isNotExecuted(outcome)) return 'reconnect';
      return outcome === 'unclear' && tried.repeatable !== undefined ? 'send_again' : 'tell';
    case 'modern_request':
      return NOT_MODERN.includes(status) ? 'other_generation' : 'tell';
    case 'handshake':
      return NO_OTHER_GENERATION.has(outcome) || NO_VERDICT.includes(status) ? 'tell' : 'other_generation';
    case 'opening':
      // It has died of what it does not know.
      if (!tried.isKnown && endedUnder === 'server/discover') return 'other_generation';
      return NO_STREAMABLE_HTTP.includes(status) ? 'other_transport' : 'tell';
    case 'connection':
      if (outcome === 'busy') return 'pause';
      return outcome === 'session_lost' ? 'reconnect' : 'tell';
    case 'server_stream':
      if (status === 404 && tried.hasSession) return 'reconnect';
      // It is opened with the next connection, which there is once somebody has connected their account.
      if (outcome === 'account_needed') return 'tell';
      // 405 and its like: the server offers no such stream.
      return status !== undefined && status < 500 ? 'tell' : 'pause';
    case 'subscription':
      // What it does not know it will not know later.
      return outcome === 'answered' || outcome === 'unknown_method' || outcome === 'account_needed' ? 'tell' : 'pause';
  }
}

/** Whether it provably was not executed, for a reason that a new connection may mend. */
export function isNotExecuted(outcome: Outcome): outcome is NotExecuted {
  return outcome === 'never_sent' || outcome === 'unauthorized' || outcome === 'session_lost';
}

/** Outcomes that say by themselves what became of the request; with any other that a sent request has, nobody can tell. */
const SETTLED: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost', 'busy', 'redirected', 'refused'] as const),
  ...(['unanswered', 'too_long', 'cancelled'] as const),
]);

/** Whether what became of a request that was sent is told by its outcome. */
export function isSettled(outcome: Outcome): boolean {
  return SETTLED.has(outcome);
}
