// One table: what may be done about an attempt, by what became of it and what was tried.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { type Attempt, AttemptError, notExecuted, type Outcome } from './attempt.ts';
import { remedy, type Remedy, retryReason, type Tried } from './remedy.ts';

const OUTCOMES: readonly Outcome[] = [
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost'] as const),
  ...(['busy', 'redirected', 'refused', 'answered'] as const),
  ...(['unknown_method', 'incompatible', 'gave_up', 'unclear', 'unanswered', 'too_long', 'cancelled'] as const),
  ...(['misconfigured', 'not_possible', 'failed', 'own_fault'] as const),
];
const STATUSES = [undefined, 302, 400, 401, 403, 404, 405, 407, 410, 422, 429, 500, 502, 503] as const;

type Row = Readonly<{
  tried: Tried;
  /** What all others get. */
  rest: Remedy;
  /** By outcome, with no status. */
  outcomes?: Partial<Record<Outcome, Remedy>>;
  /** By status, of one that failed. */
  statuses?: Partial<Record<number, Remedy>>;
}>;

const TABLE: readonly Row[] = [
  {
    tried: { what: 'request', repeatable: undefined },
    rest: 'tell',
    outcomes: { never_sent: 'reconnect', unauthorized: 'reconnect', session_lost: 'reconnect' },
  },
  {
    tried: { what: 'request', repeatable: 'read_only' },
    rest: 'tell',
    outcomes: { never_sent: 'reconnect', unauthorized: 'reconnect', session_lost: 'reconnect', unclear: 'send_again' },
  },
  {
    tried: { what: 'request_with_token' },
    rest: 'tell',
    statuses: { 401: 'new_token', 403: 'wider_token' },
  },
  {
    tried: { what: 'sending', hasEffect: true },
    rest: 'tell_unknown',
    outcomes: {
      // They settle that it was not executed.
      ...{ never_sent: 'tell', unauthorized: 'tell', account_needed: 'tell', session_lost: 'tell' },
      ...{ busy: 'tell', redirected: 'tell', refused: 'tell' },
      // They say so already.
      ...{ unclear: 'tell', unanswered: 'tell', too_long: 'tell', cancelled: 'tell' },
    },
  },
  { tried: { what: 'sending', hasEffect: false }, rest: 'tell' },
  { tried: { what: 'waiting' }, rest: 'tell', outcomes: { unanswered: 'ping' } },
  {
    tried: { what: 'call', wasSent: true },
    rest: 'tell',
    outcomes: { account_needed: 'connect_account', own_fault: 'tell_unknown' },
  },
  { tried: { what: 'call', wasSent: false }, rest: 'tell', outcomes: { account_needed: 'connect_account' } },
  {
    tried: { what: 'modern_request' },
    rest: 'tell',
    statuses: { 400: 'other_generation', 404: 'other_generation', 405: 'other_generation' },
  },
  {
    tried: { what: 'handshake' },
    rest: 'other_generation',
    outcomes: {
      ...{ never_sent: 'tell', unauthorized: 'tell', session_lost: 'tell', incompatible: 'tell' },
      ...{ account_needed: 'tell', cancelled: 'tell', misconfigured: 'tell' },
      ...{ not_possible: 'tell', own_fault: 'tell' },
    },
    statuses: { 401: 'tell', 403: 'tell', 407: 'tell', 429: 'tell' },
  },
  {
    tried: { what: 'opening', isKnown: false },
    rest: 'tell',
    statuses: { 400: 'other_transport', 404: 'other_transport', 405: 'other_transport' },
  },
  {
    tried: { what: 'start' },
    rest: 'back_off',
    outcomes: { account_needed: 'connect_account', not_possible: 'tell', busy: 'pause' },
  },
  { tried: { what: 'connection' }, rest: 'back_off', outcomes: { session_lost: 'reconnect' } },
  { tried: { what: 'credentials' }, rest: 'tell', outcomes: { unauthorized: 'new_credentials' } },
  {
    tried: { what: 'test' },
    rest: 'tell',
    outcomes: { unauthorized: 'new_credentials' },
    statuses: { 401: 'new_credentials', 403: 'new_credentials' },
  },
  {
    tried: { what: 'server_stream', hasSession: true },
    rest: 'pause',
    outcomes: { account_needed: 'tell' },
    statuses: {
      ...{ 302: 'tell', 400: 'tell', 401: 'tell', 403: 'tell', 404: 'reconnect', 405: 'tell', 407: 'tell' },
      ...{ 410: 'tell', 422: 'tell', 429: 'tell' },
    },
  },
  {
    tried: { what: 'server_stream', hasSession: false },
    rest: 'pause',
    outcomes: { account_needed: 'tell' },
    statuses: {
      ...{ 302: 'tell', 400: 'tell', 401: 'tell', 403: 'tell', 404: 'tell', 405: 'tell', 407: 'tell' },
      ...{ 410: 'tell', 422: 'tell', 429: 'tell' },
    },
  },
  {
    tried: { what: 'subscription' },
    rest: 'pause',
    outcomes: { answered: 'tell', unknown_method: 'tell', account_needed: 'tell' },
  },
  { tried: { what: 'first_page', isDeclared: true }, rest: 'tell', outcomes: { unknown_method: 'make_do' } },
  { tried: { what: 'first_page', isDeclared: false }, rest: 'make_do' },
  { tried: { what: 'next_page' }, rest: 'make_do', outcomes: { cancelled: 'tell' } },
  {
    tried: { what: 'list' },
    rest: 'tell',
    outcomes: { account_needed: 'connect_account', unclear: 'tell_unsent', unanswered: 'tell_unsent' },
  },
];

describe('what may be done about a failed attempt', () => {
  for (const { tried, rest, outcomes = {}, statuses = {} } of TABLE) {
    it(`at ${Object.values(tried).join(', ')}`, () => {
      for (const outcome of OUTCOMES) assert.equal(remedy({ outcome }, tried), outcomes[outcome] ?? rest, outcome);
      for (const status of STATUSES) {
        const attempt: Attempt = { outcome: 'failed', ...(status !== undefined && { status }) };
        assert.equal(remedy(attempt, tried), statuses[status ?? 0] ?? rest, String(status));
      }
    });
  }

  it('at a connection that ended under the handshake is to ask in the older way, where that was not known', () => {
    const died = (endedUnder: string, isKnown: boolean, more: Partial<Attempt> = {}) =>
      remedy({ outcome: 'failed', endedUnder, ...more }, { what: 'opening', isKnown });
    assert.equal(died('server/discover', false), 'other_generation');
    assert.equal(died('server/discover', false, { outcome: 'never_sent' }), 'other_generation');
    assert.equal(died('server/discover', false, { status: 404 }), 'other_generation');
    assert.equal(died('server/discover', true), 'tell');
    assert.equal(died('server/discover', true, { status: 404 }), 'other_transport');
    assert.equal(died('initialize', false), 'tell');
  });
});

it('a request that provably was not executed may be sent again, whatever its tool', () => {
  for (const reason of ['never_sent', 'unauthorized', 'session_lost'] as const) {
    const error = notExecuted(reason, 'why', new Error('cause'));
    assert.deepEqual([error.code, error.message, (error.cause as Error).message], ['upstream', 'why', 'cause']);
    for (const repeatable of [undefined, 'read_only', 'idempotent'] as const)
      assert.equal(retryReason(error, repeatable), reason);
  }
});

it('where the outcome is not known, only a call of a tool that is trusted to be repeatable may be sent again', () => {
  const unknown = new GateError('unknown_outcome', 'lost');
  assert.equal(retryReason(unknown, undefined), undefined);
  assert.equal(retryReason(unknown, 'read_only'), 'read_only');
  assert.equal(retryReason(unknown, 'idempotent'), 'idempotent');
});

it('nothing else is sent again: what was turned away, what failed, what another says of itself', () => {
  for (const error of [
    new AttemptError('upstream', 'no', { outcome: 'refused', status: 400 }),
    new AttemptError('upstream', 'no', { outcome: 'redirected', status: 302 }),
    new AttemptError('throttled', 'no', { outcome: 'busy', status: 429 }, { retryAfterMs: 1 }),
    new AttemptError('upstream', 'no', { outcome: 'answered' }),
    new GateError('upstream', 'failed'),
    new GateError('timeout', 'late'),
    Object.assign(new Error('no error of ours'), { code: 'unknown_outcome', attempt: { outcome: 'never_sent' } }),
    undefined,
  ])
    assert.equal(retryReason(error, 'read_only'), undefined, String(error));
});
