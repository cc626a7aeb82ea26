import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RuleEffectSchema } from 'mcpgate-shared/api/rules';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement, type Rule } from '../domain/rule.ts';
import { compilePolicy } from './compile-policy.ts';
import { on } from './fixtures/questions.ts';
import { compileGlob, type Glob } from './glob.ts';
import { createRuleIndex } from './rule-index.ts';

const ada: Principal = {
  workspaceId: 'default',
  user: { id: 'u1', name: 'ada', role: 'member', groups: ['eng', 'oncall'] },
  credential: { kind: 'device', id: 'd1', label: 'laptop' },
};
const ci: Principal = {
  workspaceId: 'default',
  credential: { kind: 'grant', id: 'g1', label: 'ci' },
  servers: ['github'],
};
const adasGrant: Principal = { ...ada, credential: { kind: 'grant', id: 'g2', label: 'nightly' }, servers: ['github'] };

let made = 0;
function rule(effect: Rule['effect'], who: string | string[], what: string | string[], note?: string): Rule {
  const id = `r_${String(++made).padStart(6, '0')}`;
  const base = { ...PLAIN_RULE, id, effect, who: [who].flat(), what: [what].flat(), createdAt: 0, createdBy: 'test' };
  return note === undefined ? base : { ...base, note };
}

function policy(rules: Rule[], enforcement: Enforcement = 'enforce') {
  return compilePolicy({ version: 7, enforcement, rules });
}

describe('the policy', () => {
  it('denies where no rule matches, naming none', () => {
    const verdict = policy([]).decide(on(ada, 'github', 'github__list'));
    assert.deepEqual(verdict, { decision: 'deny', rule: null, reason: 'no rule allows it' });
  });

  it('asks the rules of every effect that can be stored', () => {
    for (const effect of RuleEffectSchema.options) {
      const only = rule(effect, 'user:ada', 'github__list');
      assert.equal(policy([only]).decide(on(ada, 'github', 'github__list')).rule, only.id, effect);
    }
  });

  it('lets deny win over allow whatever the order, and names the rule and its note', () => {
    const allow = rule('allow', '*', '*');
    const deny = rule('deny', 'group:oncall', 'github__delete_*', 'ask in #platform');
    for (const rules of [
      [allow, deny],
      [deny, allow],
    ]) {
      const verdict = policy(rules).decide(on(ada, 'github', 'github__delete_repo'));
      assert.equal(verdict.decision, 'deny');
      assert.equal(verdict.rule, deny.id);
      assert.match(verdict.reason, /ask in #platform/);
      assert.equal(policy(rules).decide(on(ada, 'github', 'github__list')).rule, allow.id);
    }
  });

  it('matches every kind of WHO, with globs in names, and no other', () => {
    for (const who of ['*', 'user:ada', 'user:a?a', 'group:eng', 'group:on*', 'role:member', 'user:*']) {
      assert.equal(policy([rule('allow', who, '*')]).decide(on(ada, 's', 's__t')).decision, 'allow', who);
    }
    for (const who of ['user:ad', 'user:Ada', 'group:en', 'role:admin', 'grant:*', 'ada', 'eng', '', 'group:*x']) {
      assert.equal(policy([rule('allow', who, '*')]).decide(on(ada, 's', 's__t')).decision, 'deny', who);
    }
  });

  it('matches WHAT over tools, resources and prompts, the star across every character', () => {
    const matches = (glob: string, what: string) =>
      policy([rule('allow', '*', glob)]).decide(on(ada, 's', what)).decision === 'allow';
    assert.ok(matches('*', 'a__b/c:d'));
    assert.ok(matches('resource:*', 'resource:file:///a/b__c?d'));
    assert.ok(matches('resource:file:///a*c', 'resource:file:///a__b/c'));
    assert.ok(matches('prompt:github__*', 'prompt:github__review'));
    assert.ok(!matches('git*__list_?x*', 'github__list_issues'));
    assert.ok(matches('git*__list_*s', 'github__list_issues'));
    assert.ok(matches('github__*', 'github__'));
    for (const [glob, what] of [
      ['a*b', 'ab'],
      ['a*b', 'acb'],
      ['a*b*', 'ab'],
      ['a**', 'a'],
      ['*a*', 'a'],
      ['a?*', 'ab'],
      ['a*b*c', 'abbc'],
    ] as const)
      assert.ok(matches(glob, what), `a star is none too: ${glob} ${what}`);
    for (const glob of ['a*b', 'a*?b*', 'b*', 'a*bc?']) assert.ok(!matches(glob, 'abc'), glob);
    assert.ok(!matches('github__*', 'github2__list'));
    assert.ok(!matches('github__list', 'github__list2'));
    assert.ok(!matches('github', 'github__list'));
    assert.ok(!matches('github__[a-z]*', 'github__list'), 'no other character is special');
  });

  it('holds a grant to its servers, also with enforcement off, and its person to the rules', () => {
    for (const enforcement of ['off', 'observe', 'enforce'] as const) {
      const compiled = policy([rule('allow', '*', '*')], enforcement);
      assert.equal(compiled.decide(on(ci, 'memory', 'memory__read')).rule, 'grant-bound');
      assert.equal(compiled.decide(on(ci, 'memory', 'memory__read')).decision, 'deny');
      assert.equal(compiled.decide(on(ci, 'github', 'github__list')).decision, 'allow');
    }
    const grantRule = policy([rule('allow', 'grant:ci', 'github__*'), rule('allow', 'grant:nightly', '*')]);
    assert.equal(grantRule.decide(on(ci, 'github', 'github__list')).decision, 'allow');
    assert.equal(
      grantRule.decide(on(adasGrant, 'github', 'github__list')).decision,
      'deny',
      'a label adds no rights to a person',
    );
    const cut = policy([rule('allow', 'user:ada', '*'), rule('deny', 'grant:nightly', '*__delete')]);
    assert.equal(cut.decide(on(adasGrant, 'github', 'github__delete')).decision, 'deny');
    assert.equal(cut.decide(on(ada, 'github', 'github__delete')).decision, 'allow');
    const other = policy([rule('allow', '*', '*'), rule('deny', 'grant:laptop', '*')]);
    assert.equal(
      other.decide(on(ada, 'github', 'github__list')).decision,
      'allow',
      'a device is no grant of that label',
    );
  });

  it('only notes in observe mode, and allows in off', () => {
    const deny = rule('deny', '*', 'github__delete');
    const observe = policy([deny], 'observe').decide(on(ada, 'github', 'github__delete'));
    assert.deepEqual([observe.decision, observe.rule], ['would_deny', deny.id]);
    const off = policy([deny], 'off').decide(on(ada, 'github', 'github__delete'));
    assert.deepEqual([off.decision, off.rule], ['allow', null]);
  });

  it('says in a sentence why: which rule, with the note of a deny that has one, or which bound', () => {
    const allow = rule('allow', '*', 'a__*', 'seen by nobody');
    const [bare, empty, noted] = [
      rule('deny', '*', 'a__b'),
      rule('deny', '*', 'a__c', ''),
      rule('deny', '*', 'a__d', 'ask ops'),
    ];
    const compiled = policy([allow, bare, empty, noted]);
    for (const [what, decision, by, reason] of [
      ['a__a', 'allow', allow, `rule ${allow.id} allows it`],
      ['a__b', 'deny', bare, `rule ${bare.id} denies it`],
      ['a__c', 'deny', empty, `rule ${empty.id} denies it`],
      ['a__d', 'deny', noted, `rule ${noted.id} denies it (ask ops)`],
    ] as const) {
      for (const time of ['first', 'again'])
        assert.deepEqual(compiled.decide(on(ada, 'a', what)), { decision, rule: by.id, reason }, `${what}, ${time}`);
    }
    const bound = { decision: 'deny', rule: 'grant-bound', reason: 'grant ci is not bound to server a' } as const;
    assert.deepEqual(compiled.decide(on(ci, 'a', 'a__a')), bound);
    assert.deepEqual(policy([allow], 'off').decide(on(ada, 'a', 'a__a')), {
      decision: 'allow',
      rule: null,
      reason: 'enforcement is off',
    });
    assert.deepEqual(policy([allow], 'off').decide(on(ci, 'a', 'a__a')), bound);
    assert.equal(policy([allow], 'observe').decide(on(ada, 'a', 'a__a')).decision, 'allow');
  });

  it('answers each person alone, also where answers to others are kept', () => {
    const eve: Principal = { ...ada, user: { id: 'u2', name: 'eve', role: 'member', groups: [] } };
    const compiled = policy([rule('allow', 'user:ada', '*'), rule('allow', 'user:eve', 'a__b')]);
    for (let again = 0; again < 2; again++) {
      assert.equal(compiled.decide(on(ada, 'a', 'a__c')).decision, 'allow');
      assert.equal(compiled.decide(on(eve, 'a', 'a__c')).decision, 'deny');
      assert.equal(compiled.decide(on(eve, 'a', 'a__b')).decision, 'allow');
    }
    const sameNames = { ...ada, credential: { kind: 'device', id: 'd2', label: 'desk' } } as const;
    const before = compiled.cachedBytes;
    assert.ok(before > 0);
    assert.equal(compiled.decide(on(sameNames, 'a', 'a__c')).decision, 'allow');
    assert.equal(compiled.cachedBytes, before, 'people of the same names share their answers');
  });

  it('takes the first of several rules that match, however each is written', () => {
    for (const [first, second] of [
      ['a__*', 'a__b'],
      ['*', 'a__b'],
      ['*__b', 'a__*'],
      ['a__b', 'a__?'],
    ] as const) {
      const [one, other] = [rule('allow', 'user:a*', first), rule('allow', 'user:ada', second)];
      assert.equal(policy([one, other]).decide(on(ada, 'a', 'a__b')).rule, one.id, `${first} before ${second}`);
      assert.equal(policy([other, one]).decide(on(ada, 'a', 'a__b')).rule, other.id, `${second} before ${first}`);
    }
  });

  it('answers as reading the rules one by one would', () => {
    const whos = fc.constantFrom('*', 'user:ada', 'user:a*', 'group:eng', 'group:x', 'role:*', 'grant:ci');
    const ruleNames = fc.constantFrom('*', 'a__*', 'a__b', 'a__?', '*__b', 'a_*', '?__b', 'b__*', 'prompt:a__*');
    const rules = fc.array(
      fc.record({
        effect: fc.constantFrom('allow' as const, 'deny' as const),
        who: fc.array(whos),
        what: fc.array(ruleNames),
      }),
    );
    const asked = fc.constantFrom('a__b', 'a__bb', 'b__b', 'prompt:a__b', 'a_b', 'a___b');
    const slow = (pattern: string, text: string) =>
      new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
    fc.assert(
      fc.property(rules, asked, (specs, what) => {
        const all = specs.map((spec) => rule(spec.effect, spec.who, spec.what));
        const tokens = ['*', 'user:ada', 'role:member', 'group:eng', 'group:oncall'];
        const hit = (effect: string) =>
          all.find(
            (each) =>
              each.effect === effect &&
              each.who.some((who) => tokens.some((token) => slow(who, token))) &&
              each.what.some((glob) => slow(glob, what)),
          );
        const expected = hit('deny') ?? hit('allow');
        const verdict = policy(all).decide(on(ada, 'a', what));
        assert.equal(verdict.rule, expected?.id ?? null);
        assert.equal(verdict.decision, expected?.effect ?? 'deny');
      }),
    );
  });

  it('compares as little with 1,000 rules as with 10', () => {
    const comparedWith = (count: number, who: string, what: string, whose = (n: number) => `user:u${n}`) => {
      let compared = 0;
      const counting = (pattern: string): Glob => {
        const glob = compileGlob(pattern);
        const matches = (text: string) => {
          compared += 1;
          return glob.matches(text);
        };
        return { ...glob, matches };
      };
      const others = Array.from({ length: count - 1 }, (_, n) => rule('allow', whose(n), `s${2 + (n % 50)}__*${n}`));
      const last = rule('allow', who, what);
      const rules = [...others, last].map((rule, order) => ({ order, rule }));
      const index = createRuleIndex(rules, undefined, counting);
      const caller = { who: ['*', 'user:ada', 'role:member'], except: [] };
      assert.equal(index.first(caller, 's1__tool')?.order, others.length);
      return compared;
    };
    for (const [who, what, compared] of [
      ['user:ada', 's1__tool', 0],
      ['*', 's1__*', 1],
      ['role:member', '*', 1],
      ['user:a*', 's1__tool', 2],
    ] as const) {
      for (const count of [10, 1_000])
        for (const whose of [undefined, () => '*'])
          assert.equal(comparedWith(count, who, what, whose), compared, `${who} ${what}: ${count}`);
    }
  });
});
