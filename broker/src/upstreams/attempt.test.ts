import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { AttemptError, attemptOf, outcomeUnknown, withWords } from './attempt.ts';

it('other words leave what became of the attempt, and add what else is known of it', () => {
  const busy = new AttemptError('throttled', 'wait', { outcome: 'busy', status: 503 }, { retryAfterMs: 1_200 });
  const said = withWords(withWords(busy, 'server fix: wait', { hasEndpoint: false }), 'wait (during tools/list)', {
    endedUnder: 'tools/list',
  });
  const { code, message, retryAfterMs, attempt } = said;
  assert.deepEqual([code, message, retryAfterMs], ['throttled', 'wait (during tools/list)', 1_200]);
  assert.deepEqual(attempt, { outcome: 'busy', status: 503, hasEndpoint: false, endedUnder: 'tools/list' });
  assert.equal(withWords(busy, 'wait', {}, 700).retryAfterMs, 700);
  assert.equal((said.cause as Error).message, 'server fix: wait');
});

it('of an error that does not say what became of the attempt its code does', () => {
  for (const [code, outcome] of [
    ['unknown_outcome', 'unclear'],
    ['throttled', 'busy'],
    ['timeout', 'unanswered'],
    ['too_large', 'too_long'],
    ['cancelled', 'cancelled'],
    ['config', 'misconfigured'],
    ['upstream', 'failed'],
    ['internal', 'failed'],
  ] as const)
    assert.deepEqual(attemptOf(new GateError(code, 'why')), { outcome }, code);
  assert.deepEqual(attemptOf(outcomeUnknown('lost')), { outcome: 'unclear' });
  for (const error of [new Error('odd'), undefined]) assert.deepEqual(attemptOf(error), { outcome: 'own_fault' });
});
