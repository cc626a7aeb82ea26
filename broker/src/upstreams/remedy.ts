// Decides what may be done about a failed attempt at a server, from its outcome and from what was tried, and from nothing else. All such
// decisions are here. The callers know how to do it: on which connection, how soon, how often.
import type { Attempt, Outcome, NotExecuted } from './attempt.ts';

export type Remedy =
  /**
   * Send the same request once more, although it may have been executed: the record trusts the tool's annotation that repeating it is
   * harmless.
   */
  | 'send_again'
  /** Make a new connection; a request that was under way may be sent over it once more. */
  | 'reconnect'
  /** Ask the server as the other generation of MCP does. */
  | 'other_generation'
  /** Ask the server over the transport of 2024-11-05. */
  | 'other_transport'
  /** Try the same again after a while. */
  | 'pause'
  /** Do nothing, and report the failure to the caller. */
  | 'tell';

/** The annotation of a tool for which a call may be repeated although it may have been executed. */
export type Repeatable = 'read_only' | 'idempotent';

/** What was tried. */
export type Tried =
  | { what: 'request'; repeatable: Repeatable | undefined }
  /** A request as MCP has it from 2026-07-28 on, to a server that was of that generation before. */
  | { what: 'modern_request' }
  /** `server/discover` or `initialize`, on a connection on which the other of the two may be tried too. */
  | { what: 'handshake' }
  /** Opening a session with a server. `isKnown`: in the way that worked last time. */
  | { what: 'opening'; isKnown: boolean }
  /** Making a connection, or keeping one. */
  | { what: 'connection' }
  /** The GET stream on which a server over Streamable HTTP sends its own requests and notifications. */
  | { what: 'server_stream'; hasSession: boolean }
  /** `subscriptions/listen`. */
  | { what: 'subscription' };

/** HTTP statuses with which a legacy server answers a modern request (2026-07-28, Streamable HTTP, "Backward Compatibility"). */
const NOT_MODERN: readonly unknown[] = [400, 404, 405];
/** HTTP statuses of a server that has no Streamable HTTP at its URL (2026-07-28, Streamable HTTP, "HTTP+SSE Transport"). */
const NO_STREAMABLE_HTTP: readonly unknown[] = [400, 404, 405];
/** HTTP statuses that say nothing about the protocol. */
const NO_VERDICT: readonly unknown[] = [401, 403, 407, 429];
/** Outcomes after which the other generation is not tried: they say nothing about the server's generation, or settle it. */
const NO_OTHER_GENERATION: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost'] as const),
  ...(['incompatible', 'cancelled', 'misconfigured', 'own_fault'] as const),
]);

/** What may be done after `attempt`, which tried `tried`. */
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
      // The server ended itself at `server/discover`, which a legacy one does not know.
      if (!tried.isKnown && endedUnder === 'server/discover') return 'other_generation';
      return NO_STREAMABLE_HTTP.includes(status) ? 'other_transport' : 'tell';
    case 'connection':
      if (outcome === 'busy') return 'pause';
      return outcome === 'session_lost' ? 'reconnect' : 'tell';
    case 'server_stream':
      if (status === 404 && tried.hasSession) return 'reconnect';
      // Once the account is connected there is a new connection, and the stream is opened with that.
      if (outcome === 'account_needed') return 'tell';
      // 405 and its like: the server offers no such stream.
      return status !== undefined && status < 500 ? 'tell' : 'pause';
    case 'subscription':
      // A server that refused the subscription would refuse it again.
      return outcome === 'answered' || outcome === 'unknown_method' || outcome === 'account_needed' ? 'tell' : 'pause';
  }
}

/** Whether the request provably was not executed, for a reason that a new connection may help with. */
export function isNotExecuted(outcome: Outcome): outcome is NotExecuted {
  return outcome === 'never_sent' || outcome === 'unauthorized' || outcome === 'session_lost';
}

/** Outcomes from which it follows what became of a request that was sent. After any other outcome nobody can tell. */
const SETTLED: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost', 'busy', 'redirected', 'refused'] as const),
  ...(['unanswered', 'too_long', 'cancelled'] as const),
]);

/** Whether the outcome says what became of a request that was sent. */
export function isSettled(outcome: Outcome): boolean {
  return SETTLED.has(outcome);
}
