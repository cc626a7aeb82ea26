// Decides what may be done about a failed attempt at a server, from its outcome and from what was tried, and from nothing else. All such
// decisions are here. The callers know how to do it: on which connection, how soon, how often.
import type { RetryReason } from '../domain/call-record.ts';
import { type Attempt, attemptOf, type NotExecuted, type Outcome } from './attempt.ts';

export type Remedy =
  /**
   * Send the same request once more, although it may have been executed: the record trusts the tool's annotation that repeating it is
   * harmless.
   */
  | 'send_again'
  /** Send the same request once more with another token, where the account has one. */
  | 'new_token'
  /** The same, with a token that allows more. */
  | 'wider_token'
  /** Make a new connection; a request that was under way may be sent over it once more. */
  | 'reconnect'
  /** Ask the server as the other generation of MCP does. */
  | 'other_generation'
  /** Ask the server over the transport of 2024-11-05. */
  | 'other_transport'
  /** Try the same again after a while. */
  | 'pause'
  /** Count it against the server, and try again after a while that grows with each failure. */
  | 'back_off'
  /** Ask the server whether it answers anything. */
  | 'ping'
  /** Go on with what there is of a list. */
  | 'make_do'
  /** Have an account connected first. */
  | 'connect_account'
  /** Have the credentials of the server replaced. */
  | 'new_credentials'
  /** Report that nobody can tell whether the request was executed. */
  | 'tell_unknown'
  /** Report a failure of the server. The request itself was never sent, so its outcome is in no doubt. */
  | 'tell_unsent'
  /** Do nothing, and report the failure to the caller. */
  | 'tell';

/** The annotation of a tool for which a call may be repeated although it may have been executed. */
export type Repeatable = 'read_only' | 'idempotent';

/** What was tried. */
export type Tried =
  | { what: 'request'; repeatable: Repeatable | undefined }
  /** A request that carried the token of an account. */
  | { what: 'request_with_token' }
  /** Sending a request, which may have arrived. `hasEffect`: it matters whether it was executed. */
  | { what: 'sending'; hasEffect: boolean }
  /** Waiting for the answer to a request. */
  | { what: 'waiting' }
  /** A request as MCP has it from 2026-07-28 on, to a server that was of that generation before. */
  | { what: 'modern_request' }
  /** A client's request, with everything that belongs to it. `wasSent`: the request itself was handed to a connection. */
  | { what: 'call'; wasSent: boolean }
  /** `server/discover` or `initialize`, on a connection on which the other of the two may be tried too. */
  | { what: 'handshake' }
  /** Opening a session with a server. `isKnown`: in the way that worked last time. */
  | { what: 'opening'; isKnown: boolean }
  /** Starting a server's connection. */
  | { what: 'start' }
  /** Keeping a connection. */
  | { what: 'connection' }
  /** Using the credentials that a connection is made with. */
  | { what: 'credentials' }
  /** A step in the test of a server, or what made it fail. */
  | { what: 'test' }
  /** The GET stream on which a server over Streamable HTTP sends its own requests and notifications. */
  | { what: 'server_stream'; hasSession: boolean }
  /** `subscriptions/listen`. */
  | { what: 'subscription' }
  /** The first page of a list. `isDeclared`: the server says that it has such a list. */
  | { what: 'first_page'; isDeclared: boolean }
  /** A page of a list after the first one. */
  | { what: 'next_page' }
  /** A list of a server, which a client asks for, or which must be looked into before a call is sent. */
  | { what: 'list' };

/** HTTP statuses with which a legacy server answers a modern request (2026-07-28, Streamable HTTP, "Backward Compatibility"). */
const NOT_MODERN: readonly unknown[] = [400, 404, 405];
/** HTTP statuses of a server that has no Streamable HTTP at its URL (2026-07-28, Streamable HTTP, "HTTP+SSE Transport"). */
const NO_STREAMABLE_HTTP: readonly unknown[] = [400, 404, 405];
/** HTTP statuses that say nothing about the protocol. */
const NO_VERDICT: readonly unknown[] = [401, 403, 407, 429];
/** Outcomes after which the other generation is not tried: they say nothing about the server's generation, or settle it. */
const NO_OTHER_GENERATION: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost'] as const),
  ...(['incompatible', 'cancelled', 'misconfigured', 'not_possible', 'own_fault'] as const),
]);
/** Outcomes from which it follows what became of a request that was sent, or which say that nobody knows. After any other outcome nobody can tell. */
const SETTLED: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost', 'busy', 'redirected', 'refused'] as const),
  ...(['unclear', 'unanswered', 'too_long', 'cancelled'] as const),
]);

/** What may be done after `attempt`, which tried `tried`. */
export function remedy(attempt: Attempt, tried: Tried): Remedy {
  const { outcome, status, endedUnder } = attempt;
  switch (tried.what) {
    case 'request':
      if (isNotExecuted(outcome)) return 'reconnect';
      return outcome === 'unclear' && tried.repeatable !== undefined ? 'send_again' : 'tell';
    case 'request_with_token':
      if (status === 401) return 'new_token';
      return status === 403 ? 'wider_token' : 'tell';
    case 'sending':
      return tried.hasEffect && !SETTLED.has(outcome) ? 'tell_unknown' : 'tell';
    case 'waiting':
      return outcome === 'unanswered' ? 'ping' : 'tell';
    case 'modern_request':
      return NOT_MODERN.includes(status) ? 'other_generation' : 'tell';
    case 'call':
      if (outcome === 'account_needed') return 'connect_account';
      return outcome === 'own_fault' && tried.wasSent ? 'tell_unknown' : 'tell';
    case 'handshake':
      return NO_OTHER_GENERATION.has(outcome) || NO_VERDICT.includes(status) ? 'tell' : 'other_generation';
    case 'opening':
      // The server ended itself at `server/discover`, which a legacy one does not know.
      if (!tried.isKnown && endedUnder === 'server/discover') return 'other_generation';
      return NO_STREAMABLE_HTTP.includes(status) ? 'other_transport' : 'tell';
    case 'start':
      if (outcome === 'account_needed') return 'connect_account';
      // It says nothing about the server, so the next call may try it at once.
      if (outcome === 'not_possible') return 'tell';
      return outcome === 'busy' ? 'pause' : 'back_off';
    case 'connection':
      // The server is well: it was restarted, and does not know the old session any more.
      return outcome === 'session_lost' ? 'reconnect' : 'back_off';
    case 'credentials':
      return outcome === 'unauthorized' ? 'new_credentials' : 'tell';
    case 'test':
      return outcome === 'unauthorized' || status === 401 || status === 403 ? 'new_credentials' : 'tell';
    case 'server_stream':
      if (status === 404 && tried.hasSession) return 'reconnect';
      // Once the account is connected there is a new connection, and the stream is opened with that.
      if (outcome === 'account_needed') return 'tell';
      // 405 and its like: the server offers no such stream.
      return status !== undefined && status < 500 ? 'tell' : 'pause';
    case 'subscription':
      // A server that refused the subscription would refuse it again.
      return outcome === 'answered' || outcome === 'unknown_method' || outcome === 'account_needed' ? 'tell' : 'pause';
    case 'first_page':
      // A server with resources and without templates is usual. One that declares no lists was only asked in case it has them.
      return outcome === 'unknown_method' || !tried.isDeclared ? 'make_do' : 'tell';
    case 'next_page':
      // Where the connection was closed, what was read before is of no use.
      return outcome === 'cancelled' ? 'tell' : 'make_do';
    case 'list':
      if (outcome === 'account_needed') return 'connect_account';
      return outcome === 'unclear' || outcome === 'unanswered' ? 'tell_unsent' : 'tell';
  }
}

/** Whether the request provably was not executed, for a reason that a new connection may help with. */
function isNotExecuted(outcome: Outcome): outcome is NotExecuted {
  return outcome === 'never_sent' || outcome === 'unauthorized' || outcome === 'session_lost';
}

/** The outcomes of a request that was handed to a connection which prove that it was not executed. */
const NOT_EXECUTED: ReadonlySet<Outcome> = new Set([
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost', 'busy', 'redirected', 'refused'] as const),
]);

/** Whether a client's request provably was not executed. `mayRepeat`: it was sent once more although it may have been executed before. */
export function wasNotExecuted(
  error: unknown,
  { wasSent, mayRepeat }: { wasSent: boolean; mayRepeat: boolean },
): boolean {
  const { outcome, isUnexecuted = false } = attemptOf(error);
  return !wasSent || (!mayRepeat && (isUnexecuted || NOT_EXECUTED.has(outcome)));
}

/** Why the request may be sent again, for the record of the call; undefined: it must not be. */
export function retryReason(error: unknown, repeatable: Repeatable | undefined): RetryReason | undefined {
  const attempt = attemptOf(error);
  switch (remedy(attempt, { what: 'request', repeatable })) {
    case 'reconnect':
      return isNotExecuted(attempt.outcome) ? attempt.outcome : undefined;
    case 'send_again':
      return repeatable;
    default:
      return undefined;
  }
}
