// One table: what may be done about an attempt, by what became of it and what was tried.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt, Outcome } from './attempt.ts';
import { isSettled, remedy, type Remedy, type Tried } from './remedy.ts';

const OUTCOMES: readonly Outcome[] = [
  ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost'] as const),
  ...(['busy', 'redirected', 'refused', 'answered'] as const),
  ...(['unknown_method', 'incompatible', 'unclear', 'unanswered', 'too_long', 'cancelled'] as const),
  ...(['misconfigured', 'failed', 'own_fault'] as const),
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
    tried: { what: 'modern_request' },
    rest: 'tell',
    statuses: { 400: 'other_generation', 404: 'other_generation', 405: 'other_generation' },
  },
  {
    tried: { what: 'handshake' },
    rest: 'other_generation',
    outcomes: {
      ...{ never_sent: 'tell', unauthorized: 'tell', session_lost: 'tell', incompatible: 'tell' },
      ...{ account_needed: 'tell', cancelled: 'tell', misconfigured: 'tell', own_fault: 'tell' },
    },
    statuses: { 401: 'tell', 403: 'tell', 407: 'tell', 429: 'tell' },
  },
  {
    tried: { what: 'opening', isKnown: false },
    rest: 'tell',
    statuses: { 400: 'other_transport', 404: 'other_transport', 405: 'other_transport' },
  },
  { tried: { what: 'connection' }, rest: 'tell', outcomes: { busy: 'pause', session_lost: 'reconnect' } },
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

it('some outcomes settle what became of a request that was sent; after the others nobody can tell', () => {
  const settled: readonly Outcome[] = [
    ...(['never_sent', 'unauthorized', 'account_needed', 'session_lost', 'busy', 'redirected', 'refused'] as const),
    ...(['unanswered', 'too_long', 'cancelled'] as const),
  ];
  assert.deepEqual(OUTCOMES.filter(isSettled), settled);
});
