import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthorizeHook } from '../domain/hook.ts';
import { afterHook, type HookAnswer } from './hooked.ts';
import type { Verdict } from './verdict.ts';

const HOOK: AuthorizeHook = {
  ...{
    name: 'authorize',
    kind: 'authorize',
    url: 'https://authz.example/',
    enabled: true,
    timeoutMs: 500,
    secret: null,
  },
  ...{ bearer: null, managedBy: null, createdAt: 1, updatedAt: 1, createdBy: 'test', what: [], sendsArguments: true },
  approvers: ['group:leads'],
};
const verdict = (decision: Verdict['decision'], isObserving = false): Verdict => ({
  ...{ decision, rule: 'r_1', reason: 'because', ...(decision === 'ask' && { approvers: ['group:ops'] }) },
  hook: { hook: HOOK, server: 'git', names: ['git__push'], isObserving },
});
const ANSWERS: readonly HookAnswer[] = [
  { decision: 'allow', reason: 'yes' },
  { decision: 'deny', reason: '"no"' },
  { decision: 'ask', reason: null },
  { decision: 'away', reason: 'it is away', retryAt: 5 },
];
const RANK = { allow: 0, would_deny: 0, ask: 1, deny: 2 } as const;

test('no answer makes a verdict wider than the rules have it, in whatever mode', () => {
  for (const decision of ['allow', 'ask', 'would_deny', 'deny'] as const)
    for (const isObserving of [false, true])
      for (const isApproved of [false, true])
        for (const answer of ANSWERS) {
          const before = verdict(decision, isObserving);
          const after = afterHook(before, answer, isApproved);
          const about = JSON.stringify([decision, isObserving, isApproved, answer, after]);
          if (isObserving && decision !== 'deny') assert.notEqual(after.decision, 'deny', about);
          else if (decision !== 'deny') assert.ok(RANK[after.decision] >= RANK[decision], about);
          if (answer.decision === 'allow') assert.equal(after, before, about);
          if (!isObserving && (answer.decision === 'deny' || answer.decision === 'away'))
            assert.deepEqual([after.decision, after.rule], ['deny', 'hook:authorize'], about);
        }
});

test('ask asks the approvers of the hook, unless a rule asks already, or somebody has said yes', () => {
  const ask = { decision: 'ask', reason: '"large"' } as const;
  const asked = afterHook(verdict('allow'), ask, false);
  assert.deepEqual([asked.decision, asked.rule, asked.approvers], ['ask', 'hook:authorize', ['group:leads']]);
  assert.equal(asked.reason, 'the hook authorize asks somebody first: "large"');
  assert.deepEqual(afterHook(verdict('ask'), ask, false).approvers, ['group:ops']);
  assert.equal(afterHook(verdict('allow'), ask, true).rule, 'r_1');
  assert.equal(afterHook(verdict('would_deny', true), ask, false).rule, 'r_1');
});
