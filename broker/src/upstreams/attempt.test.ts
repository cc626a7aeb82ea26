import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { AttemptError, attemptOf, outcomeUnknown, withWords } from './attempt.ts';

it('an error with another message keeps the outcome of its attempt, and takes further facts', () => {
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

it('an error without an attempt has the outcome that its code means', () => {
  for (const [code, outcome] of [
    ['unknown_outcome', 'unclear'],
    ['throttled', 'busy'],
    ['timeout', 'unanswered'],
    ['too_large', 'too_long'],
    ['cancelled', 'cancelled'],
    ['config', 'misconfigured'],
    ['upstream', 'failed'],
    ['unavailable', 'not_possible'],
    ['internal', 'own_fault'],
  ] as const)
    assert.deepEqual(attemptOf(new GateError(code, 'why')), { outcome }, code);
  assert.deepEqual(attemptOf(outcomeUnknown('lost')), { outcome: 'unclear' });
  for (const error of [new Error('odd'), undefined]) assert.deepEqual(attemptOf(error), { outcome: 'own_fault' });
});
