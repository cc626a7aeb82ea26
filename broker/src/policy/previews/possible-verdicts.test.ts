// What previews say is compared with what is decided, over random rules, people, things and calls.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Principal } from '../../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement, type PolicySnapshot, type Rule } from '../../domain/rule.ts';
import { compilePolicy } from '../compile-policy.ts';
import { ruleNames, type RuleNames } from '../naming.ts';
import type { Facts } from '../verdict.ts';
import { isOther, scopeOfRules } from './access.ts';
import { ANY_CALL, foreseePolicy, RECORDED_CALL } from './possible-verdicts.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');

const some = (of: readonly string[], least: number) => fc.uniqueArray(fc.constantFrom(...of), { minLength: least });
const WHO = [
  ...['*', 'user:ada', 'user:g*', 'group:eng', 'group:ops', 'role:member', 'grant:ci'],
  ...['client:cursor', 'client:c*', 'device:mac', 'net:10.0.0.0/8', 'net:192.0.2.0/24'],
];
const WHAT = [
  '*',
  'a__*',
  'a__read',
  'b__write',
  'read:a',
  'write:*',
  'bundle:x',
  'resource:*',
  'resource:a+file:///*',
];
const WHEN = [
  'args.n > 1',
  'args.text == "x"',
  'user.name == "ada"',
  'client.name == "cursor"',
  'tool.class == "read"',
];

const rules: fc.Arbitrary<Rule[]> = fc
  .array(
    fc.record({
      effect: fc.constantFrom('allow', 'allow', 'deny', 'ask'),
      who: some(WHO, 1),
      except: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, some(WHO.slice(1), 0)),
      what: some(WHAT, 1),
      when: fc.option(fc.constantFrom(...WHEN), { nil: undefined, freq: 2 }),
      until: fc.option(fc.constantFrom(NOW - 1, NOW + 1_000_000), { nil: undefined, freq: 4 }),
      observe: fc.boolean().map((is) => is),
    }),
    { maxLength: 7 },
  )
  .map((made) =>
    made.map(({ when, until, ...rule }, at) => ({
      ...PLAIN_RULE,
      ...rule,
      ...(when !== undefined && { when }),
      ...(until !== undefined && { until }),
      ...{ id: `r_${at}`, createdAt: 0, createdBy: 'test' },
    })),
  );

const user = (name: string, groups: string[]) => ({ id: name, name, role: 'member' as const, groups });
const PRINCIPALS: Principal[] = [
  { workspaceId: 'w', user: user('ada', ['eng']), credential: { kind: 'device', id: 'd', label: 'mac' } },
  { workspaceId: 'w', user: user('grace', ['eng', 'ops']), credential: { kind: 'grant', id: 'g', label: 'ci' } },
  { workspaceId: 'w', credential: { kind: 'grant', id: 'c', label: 'ci' }, servers: ['a'] },
];
const THINGS: { server: string; names: RuleNames }[] = [
  { server: 'a', names: ruleNames('tools', 'a', 'read', 'read') },
  { server: 'a', names: ruleNames('tools', 'a', 'other', 'unknown') },
  { server: 'b', names: ruleNames('tools', 'b', 'write', 'write') },
  { server: 'b', names: [...ruleNames('tools', 'b', 'write', 'write'), 'bundle:x'] },
  { server: 'a', names: ruleNames('resources', 'a', 'file:///tmp/../etc') },
];

interface World {
  snapshot: PolicySnapshot;
  principal: Principal;
  thing: (typeof THINGS)[number];
  device: string | undefined;
  facts: Facts;
}
const world: fc.Arbitrary<World> = fc.record({
  snapshot: fc.record({
    version: fc.constant(3),
    enforcement: fc.constantFrom<Enforcement[]>('enforce', 'enforce', 'observe', 'off'),
    rules,
  }),
  principal: fc.constantFrom(...PRINCIPALS),
  thing: fc.constantFrom(...THINGS),
  device: fc.constantFrom('mac', 'pc', undefined),
  facts: fc.record({
    now: fc.constant(NOW),
    client: fc.record({ name: fc.constantFrom('cursor', 'codex', null), version: fc.constant(null) }),
    address: fc.constantFrom('10.0.0.1', '192.0.2.9', undefined),
    args: fc
      .constantFrom<unknown[]>({ n: 2 }, { n: 0, text: 'x' }, { text: 'x' }, {}, { n: 'wrong' })
      // A function without a name is printed as one, so the arguments are shown by their text.
      .map((value) => () => ({ value, length: JSON.stringify(value).length })),
  }),
});

function decided({ snapshot, principal, thing, device, facts }: World) {
  const caller = device === undefined ? principal : { ...principal, device: { id: device, name: device } };
  return { caller, verdict: compilePolicy(snapshot, NOW).decide({ principal: caller, ...thing, facts }) };
}

describe('what can be said of a call beforehand', () => {
  it('is never other than what is decided, whatever the arguments, the client, the device and the address are', () => {
    fc.assert(
      fc.property(world, (of) => {
        const { verdict } = decided(of);
        const facts = { now: NOW, client: { name: null, version: null }, address: undefined };
        const { verdicts, certain } = foreseePolicy(of.snapshot, NOW, ANY_CALL).judge(
          { principal: of.principal, server: of.thing.server, facts },
          [of.thing.names],
        );
        assert.ok(verdicts.has(verdict.decision), `${verdict.decision} is none of ${[...verdicts.keys()].join()}`);
        if (certain !== undefined) assert.equal(certain.decision, verdict.decision);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a recorded call is never other than what is decided, whatever its arguments and its address were', () => {
    fc.assert(
      fc.property(world, (of) => {
        const { caller, verdict } = decided(of);
        const { verdicts } = foreseePolicy(of.snapshot, NOW, RECORDED_CALL).judge(
          { principal: caller, server: of.thing.server, facts: of.facts },
          [of.thing.names],
        );
        assert.ok(verdicts.has(verdict.decision), `${verdict.decision} is none of ${[...verdicts.keys()].join()}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the verdict itself, with its rule, where no rule asks for what is unknown', () => {
    const isPlain = (rule: Rule) =>
      rule.when === undefined && ![...rule.who, ...rule.except].some((each) => /^(?:net|client|device):/.test(each));
    fc.assert(
      fc.property(world, (of) => {
        const plain = { ...of.snapshot, rules: of.snapshot.rules.filter(isPlain) };
        const { caller, verdict } = decided({ ...of, snapshot: plain });
        const { certain } = foreseePolicy(plain, NOW, ANY_CALL).judge(
          { principal: caller, server: of.thing.server, facts: of.facts },
          [of.thing.names],
        );
        assert.deepEqual(certain, verdict);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is said to depend on the call only where two calls can differ', () => {
    const rule = (told: Partial<Rule> & Pick<Rule, 'effect'>): Rule => ({
      ...PLAIN_RULE,
      ...{ id: 'r_1', who: ['*'], what: ['*'], createdAt: 0, createdBy: 'test' },
      ...told,
    });
    const [ada] = PRINCIPALS;
    const [thing] = THINGS;
    const decisions = (...of: Rule[]) => {
      assert.ok(ada !== undefined && thing !== undefined);
      const policy = foreseePolicy({ version: 1, enforcement: 'enforce', rules: of }, NOW, ANY_CALL);
      const facts = { now: NOW, client: { name: null, version: null }, address: undefined };
      return [...policy.judge({ principal: ada, server: 'a', facts }, [thing.names]).verdicts.keys()].sort();
    };
    assert.deepEqual(decisions(rule({ effect: 'allow', who: ['net:10.0.0.0/8'] })), ['allow', 'deny']);
    assert.deepEqual(decisions(rule({ effect: 'allow', who: ['net:10.0.0.0/8', 'user:ada'] })), ['allow']);
    assert.deepEqual(decisions(rule({ effect: 'allow' }), rule({ effect: 'deny', except: ['device:mac'] })), [
      'allow',
      'deny',
    ]);
    assert.deepEqual(decisions(rule({ effect: 'deny' }), rule({ effect: 'allow', when: 'args.n > 1' })), ['deny']);
    assert.deepEqual(decisions(rule({ effect: 'deny', who: ['user:grace'], when: 'args.n > 1' })), ['deny']);
  });
});

describe('what a change of rules is about', () => {
  it('is every person and thing whose decision differs by it, so that nothing else need be looked at', () => {
    fc.assert(
      fc.property(world, fc.nat(7), ({ snapshot, principal, thing, facts }, at) => {
        const about = snapshot.rules.filter((_rule, place) => place === at);
        const after = { ...snapshot, rules: snapshot.rules.filter((_rule, place) => place !== at) };
        const question = { principal, server: thing.server, facts: { ...facts, now: NOW } };
        for (const unknowns of [ANY_CALL, RECORDED_CALL]) {
          const judged = [snapshot, after].map((each) =>
            foreseePolicy(each, NOW, unknowns).judge(question, [thing.names]),
          );
          const [was, is] = judged;
          assert.ok(was !== undefined && is !== undefined);
          if (!isOther(was, is)) continue;
          const scope = scopeOfRules(about, NOW);
          assert.ok(scope.isAboutPerson({ principal }), 'the person is none of the rule');
          assert.ok(scope.isAboutThing({ server: thing.server, ways: [thing.names] }), 'the thing is none of the rule');
        }
      }),
      { numRuns: 300 },
    );
  });
});
