import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { AttemptError, notExecuted } from '../attempt.ts';
import { retryReason } from './retry-reason.ts';

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
