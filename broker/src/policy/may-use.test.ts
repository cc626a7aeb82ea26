import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement, type Rule } from '../domain/rule.ts';
import { compilePolicy } from './compile-policy.ts';

const ada: Principal = {
  workspaceId: 'default',
  user: { id: 'u1', name: 'ada', role: 'member', groups: ['eng'] },
  credential: { kind: 'device', id: 'd1', label: 'laptop' },
};
const adasGrant: Principal = { ...ada, credential: { kind: 'grant', id: 'g1', label: 'ci' }, servers: ['svc'] };

const rule = (effect: Rule['effect'], what: string[], who = ['*']): Rule => ({
  ...PLAIN_RULE,
  ...{ id: `${effect} ${what.join()}`, effect, who, what, createdAt: 0, createdBy: 'test' },
});
const policy = (rules: Rule[], enforcement: Enforcement = 'enforce') =>
  compilePolicy({ version: 1, enforcement, rules });
const may = (rules: Rule[], server = 'svc', principal = ada) => policy(rules).mayUse(principal, server);

describe('whether a person may use anything of a server', () => {
  it('is so where a tool, a prompt or a resource of it may be allowed', () => {
    for (const what of [
      ...['*', 'svc__*', 'svc__echo', 's*', '*echo', 'prompt:*', 'prompt:svc__review', 'prompt:s?c__*'],
      ...['resource:*', 'resource:file:///pub/*', 'resource:svc+file:///pub/a'],
    ])
      assert.equal(may([rule('allow', [what])]), true, what);
    for (const what of ['svc2__*', 'other__*', 'prompt:other__*', 'svc', 'resources:*'])
      assert.equal(may([rule('allow', [what])]), false, what);
    assert.equal(may([]), false);
    assert.equal(may([rule('allow', ['other__*', 'svc__echo'])]), true, 'any of them');
  });

  it('is not so where everything that is allowed is denied', () => {
    const all = rule('allow', ['*']);
    assert.equal(may([all, rule('deny', ['*'])]), false);
    assert.equal(may([all, rule('deny', ['svc__*'])]), true, 'prompts are left');
    assert.equal(may([rule('allow', ['svc__*']), rule('deny', ['svc__*'])]), false);
    assert.equal(may([rule('allow', ['svc__*']), rule('deny', ['svc__drop'])]), true);
    assert.equal(may([rule('allow', ['resource:*']), rule('deny', ['resource:svc+*'])]), false, 'by either name');
    assert.equal(may([rule('allow', ['resource:*']), rule('deny', ['resource:other+*'])]), true);
  });

  it('is about rules for that person: those for others neither allow nor deny', () => {
    for (const who of ['user:ada', 'user:a*', 'group:eng', 'role:member'])
      assert.equal(may([rule('allow', ['*'], [who])]), true, who);
    for (const who of ['user:eve', 'group:ops', 'role:admin']) {
      assert.equal(may([rule('allow', ['*'], [who])]), false, who);
      assert.equal(may([rule('allow', ['*']), rule('deny', ['*'], [who])]), true, who);
    }
    assert.equal(may([rule('allow', ['*'], ['user:eve', 'user:ada'])]), true, 'any of them');
  });

  it('is not so of a server that the credential is not bound to, and a label adds no rights', () => {
    assert.equal(may([rule('allow', ['*'])], 'svc', adasGrant), true);
    assert.equal(may([rule('allow', ['*'])], 'other', adasGrant), false);
    assert.equal(may([rule('allow', ['*'], ['grant:ci'])], 'svc', adasGrant), false);
    assert.equal(may([rule('allow', ['*']), rule('deny', ['*'], ['grant:ci'])], 'svc', adasGrant), false);
  });

  it('is so for everybody where rules are not enforced, within the bounds of the credential', () => {
    for (const enforcement of ['off', 'observe'] as const) {
      assert.equal(policy([], enforcement).mayUse(ada, 'svc'), true);
      assert.equal(policy([], enforcement).mayUse(adasGrant, 'other'), false);
    }
  });

  it('is answered the same however often and of however many servers it is asked', () => {
    const compiled = policy([rule('allow', ['s7__*'])]);
    for (let again = 0; again < 2; again++)
      for (let server = 0; server < 1_100; server++)
        assert.equal(compiled.mayUse(ada, `s${server}`), server === 7, `s${server}`);
  });
});
