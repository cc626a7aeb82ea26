import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { notCarriedOut, notExecuted, retryReason } from './retry-reason.ts';

it('what provably was not executed may be sent again, whatever the tool is', () => {
  for (const reason of ['never_sent', 'unauthorized', 'session_lost'] as const) {
    const error = notExecuted(reason, 'why', new Error('cause'));
    assert.deepEqual([error.code, error.message, (error.cause as Error).message], ['upstream', 'why', 'cause']);
    for (const repeatable of [undefined, 'read_only', 'idempotent'] as const)
      assert.equal(retryReason(error, repeatable), reason);
  }
});

it('where the outcome is not known, only what its caller trusts to be repeatable may be', () => {
  const unknown = new GateError('unknown_outcome', 'lost');
  assert.equal(retryReason(unknown, undefined), undefined);
  assert.equal(retryReason(unknown, 'read_only'), 'read_only');
  assert.equal(retryReason(unknown, 'idempotent'), 'idempotent');
});

it('nothing else is sent again: what was turned away, what failed, what another says of itself', () => {
  const turnedAway = notCarriedOut('no');
  assert.deepEqual([turnedAway.code, turnedAway.data], ['upstream', { carriedOut: false }]);
  for (const error of [
    turnedAway,
    new GateError('upstream', 'failed'),
    new GateError('timeout', 'late'),
    new GateError('upstream', 'odd', { data: { notExecuted: 'for another reason' } }),
    new GateError('upstream', 'odd', { data: { notExecuted: true } }),
    Object.assign(new Error('no error of ours'), { code: 'unknown_outcome', data: { notExecuted: 'never_sent' } }),
    undefined,
  ])
    assert.equal(retryReason(error, 'read_only'), undefined, String(error));
});
