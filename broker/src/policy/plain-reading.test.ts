// The policy is compared with the plainest reading of its rules, over random rules, callers, things and sequences of calls in time.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement, type Rule, type RuleLimit } from '../domain/rule.ts';
import { createLimits } from '../limits/limits.ts';
import { withinLimits } from '../limits/within-limits.ts';
import { onBothEngines } from '../store/fixtures/both-engines.ts';
import { compilePolicy } from './compile-policy.ts';
import { createPlainLedger, plainVerdict, type PlainTaking, type Spoken } from './fixtures/plain-reading.ts';
import { ruleNames, type RuleNames } from './naming.ts';
import type { Facts, Question, Verdict } from './verdict.ts';

const START = 1_790_000_000_000;
const NOON = Math.ceil(START / 86_400_000) * 86_400_000;

const spoken = <Value>(text: string, means: Spoken<Value>['means']): Spoken<Value> => ({ text, means });
const isNumber = (value: unknown): value is number => typeof value === 'number';
const CONDITIONS: readonly Spoken<boolean>[] = [
  spoken('args.n > 1', ({ args: { n } }) => (isNumber(n) ? n > 1 : undefined)),
  spoken('!has(args.n) || args.n <= 2', ({ args: { n } }) =>
    n === undefined ? true : isNumber(n) ? n <= 2 : undefined,
  ),
  spoken('args["a.b"] == "ü"', ({ args }) => (args['a.b'] === undefined ? undefined : args['a.b'] === 'ü')),
  spoken('"eng" in user.groups', ({ question }) => question.principal.user?.groups.includes('eng') ?? false),
  spoken('tool.class == "write"', ({ writes }) => writes),
  spoken('tool.server == "a" && user.role == "member"', ({ question: { server, principal } }) => {
    return server === 'a' && principal.user?.role === 'member';
  }),
  spoken('client.name == "cursor"', ({ question }) => question.facts.client.name === 'cursor'),
  spoken('client.device != "mac"', ({ question }) => question.principal.device?.name !== 'mac'),
  spoken(`time < timestamp("${new Date(NOON).toISOString()}")`, ({ question }) => question.facts.now < NOON),
  spoken<boolean>('user.groups[100] == ""', () => undefined),
];
const SUMS: readonly Spoken<number>[] = [
  spoken('args.n', ({ args: { n } }) => (isNumber(n) && n >= 0 ? n : undefined)),
  spoken('has(args.n) ? 2 : 1', ({ args: { n } }) => (n === undefined ? 1 : 2)),
];
const LANGUAGE = new Map<string, Spoken<unknown>>([...CONDITIONS, ...SUMS].map((each) => [each.text, each]));

const WHO = [
  ...['*', 'user:ada', 'user:g*', 'group:eng', 'group:o?s', 'role:member', 'grant:ci', 'grant:*'],
  ...['client:cursor', 'client:c*', 'device:mac', 'net:10.0.0.0/8', 'net:192.0.2.0/24'],
];
const WHAT = [
  ...[
    '*',
    'a__*',
    'a__read',
    'a__o?her',
    '*__write',
    'b__write',
    'read:a',
    'write:*',
    'read:*',
    'bundle:x',
    'bundle:*',
  ],
  ...['prompt:a__*', 'event:a__e', 'resource:*', 'resource:a+file:///*', 'resource:file:///pub/x'],
];
const some = (of: readonly string[], minLength: number) =>
  fc.uniqueArray(fc.constantFrom(...of), { minLength, maxLength: 3 });
const limits: fc.Arbitrary<RuleLimit> = fc.record(
  {
    most: fc.constantFrom(1, 2, 5, 40),
    withinMs: fc.constantFrom(60_000, 600_000),
    per: fc.constantFrom('person', 'group', 'rule'),
    sum: fc.constantFrom(...SUMS.map(({ text }) => text)),
  },
  { requiredKeys: ['most', 'withinMs', 'per'] },
);
const rules: fc.Arbitrary<Rule[]> = fc
  .array(
    fc.record(
      {
        effect: fc.constantFrom('allow', 'allow', 'allow', 'deny', 'ask'),
        who: some(WHO, 1),
        except: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, some(WHO.slice(1), 0)),
        what: some(WHAT, 1),
        when: fc.constantFrom(...CONDITIONS.map(({ text }) => text)),
        until: fc.constantFrom(START - 1, START + 30_000, START + 300_000),
        limits: fc.array(limits, { maxLength: 2 }),
        observe: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      },
      { requiredKeys: ['effect', 'who', 'except', 'what', 'limits', 'observe'] },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((made) =>
    made.map((rule, at) => ({
      ...PLAIN_RULE,
      ...rule,
      ...(rule.effect === 'deny' && { limits: [] }),
      ...{ id: `r_${at}`, createdAt: 0, createdBy: 'test' },
    })),
  );

const user = (name: string, groups: string[]) => ({ id: `u-${name}`, name, role: 'member' as const, groups });
const grant = { kind: 'grant' as const, id: 'g-ci', label: 'ci' };
const laptop = { kind: 'device' as const, id: 'd', label: 'mac' };
const mac = { id: 'd', name: 'mac' };
const CALLERS: readonly Principal[] = [
  { workspaceId: 'default', user: user('ada', ['eng']), credential: laptop, device: mac },
  { workspaceId: 'default', user: user('grace', ['eng', 'ops']), credential: laptop },
  { workspaceId: 'default', user: user('grace', ['eng', 'ops']), credential: grant },
  { workspaceId: 'default', user: user('ada', []), credential: grant, servers: ['a'] },
  { workspaceId: 'default', credential: grant, servers: ['a', 'b'] },
];
const inBundle = (names: RuleNames): RuleNames => [...names, 'bundle:x'];
const THINGS: readonly Pick<Question, 'server' | 'names'>[] = [
  { server: 'a', names: ruleNames('tools', 'a', 'read', 'read') },
  { server: 'a', names: ruleNames('tools', 'a', 'other') },
  { server: 'a', names: inBundle(ruleNames('tools', 'a', 'write', 'write')) },
  { server: 'b', names: ruleNames('tools', 'b', 'write', 'write') },
  { server: 'c', names: ruleNames('tools', 'c', 'read', 'read') },
  { server: '', names: ruleNames('tools', '', 'read') },
  { server: 'a', names: ruleNames('prompts', 'a', 'p') },
  { server: 'a', names: ruleNames('events', 'a', 'e') },
  { server: 'a', names: ruleNames('resources', 'a', 'file:///pub/x') },
];
const calls = fc.array(
  fc.record({
    principal: fc.constantFrom(...CALLERS),
    thing: fc.constantFrom(...THINGS),
    args: fc.constantFrom<unknown[]>({}, { n: 0 }, { n: 2 }, { n: 3, 'a.b': 'ü' }, { n: '3' }, { n: -1, 'a.b': '' }),
    client: fc.constantFrom('cursor', 'codex', null),
    address: fc.constantFrom('10.0.0.1', '192.0.2.9', undefined),
    afterMs: fc.constantFrom(0, 0, 1, 900, 20_000, 59_999, 61_001),
    isExecuted: fc.constantFrom(true, true, true, false),
  }),
  { minLength: 1, maxLength: 25 },
);

/** The kind of reason that a sentence gives. */
function whyOf({ reason }: Verdict): string {
  if (/bound to/.test(reason)) return 'bound';
  if (reason === 'enforcement is off') return 'off';
  if (/cannot be evaluated/.test(reason)) return 'mistake';
  if (/has a limit/.test(reason)) return 'limit';
  return reason.startsWith('no rule allows it') ? 'none' : 'rule';
}

const keyOf = ({ rule, place, subject }: PlainTaking): string => JSON.stringify([rule, place, subject]);

onBothEngines((open, kind) => {
  it('the policy decides every call of a sequence as reading its rules one by one does, limits included', async (t) => {
    const { store, clock } = await open(t);
    clock.at = START;
    let run = 0;
    const property = fc.asyncProperty(
      fc.constantFrom<Enforcement[]>('enforce', 'enforce', 'enforce', 'observe', 'off'),
      rules,
      calls,
      async (enforcement, written, sequence) => {
        // What was taken in another run is no rule's of this one.
        run++;
        const own = written.map((rule) => ({ ...rule, id: `${rule.id}_${run}` }));
        const snapshot = { version: 1, enforcement, rules: own };
        const limited = createLimits({
          store,
          clock: { now: clock.now, after: () => () => undefined },
          onError: assert.ifError,
        });
        const ledger = createPlainLedger();
        clock.at = START;
        let policy = compilePolicy(snapshot, clock.at);
        for (const { principal, thing, args, client, address, afterMs, isExecuted } of sequence) {
          clock.at += afterMs;
          if (clock.at >= policy.until) policy = compilePolicy(snapshot, clock.at);
          const facts: Facts = {
            ...{ now: clock.at, client: { name: client, version: null }, address },
            args: () => ({ value: args, length: JSON.stringify(args).length }),
          };
          const question: Question = { principal, ...thing, facts };
          const expected = plainVerdict(snapshot, question, LANGUAGE);
          const verdict = policy.decide(question);
          const about = JSON.stringify({ principal, ...thing, args, client, address, verdict, expected });
          assert.deepEqual(
            [verdict.decision, verdict.rule, whyOf(verdict)],
            [expected.decision, expected.rule, expected.why],
            about,
          );
          // An ask takes of its limits when it was approved.
          const { verdict: found, giveBack } = await withinLimits(
            { limits: limited, clock, log: { warn: assert.fail } },
            { workspaceId: 'default', verdict, isNextRound: false, identity: () => assert.fail('it has one round') },
          );
          const beyond = (more: number) => (of: PlainTaking) =>
            ledger.usedWithin(keyOf(of), clock.at, of.withinMs + more) + of.amount > of.most;
          const [surely, perhaps] = [0, 1].map(
            (part) => (of: PlainTaking) => beyond(part * (of.withinMs / 60 + 1))(of),
          ) as [(of: PlainTaking) => boolean, (of: PlainTaking) => boolean];
          const counted = expected.taken.filter(({ observe }) => !observe);
          if (counted.some(surely)) assert.equal(found.decision, 'deny', `no more than there is: ${about}`);
          if (!counted.some(perhaps) && expected.decision !== 'deny')
            assert.notEqual(found.decision, 'deny', `as much as there is: ${about}`);
          if (giveBack === undefined) {
            assert.equal(whyOf(found), 'limit');
            assert.ok(
              counted.some((of) => of.rule === found.rule && perhaps(of)),
              about,
            );
            continue;
          }
          const watched = expected.taken.filter(({ observe }) => observe);
          if (expected.decision === 'allow' && watched.some(surely)) assert.equal(found.decision, 'would_deny', about);
          if (!watched.some(perhaps)) assert.equal(found.decision, expected.decision, about);
          const taken = expected.taken.filter((of) => !of.observe || !perhaps(of));
          const undo = ledger.take(taken.map((of) => ({ key: keyOf(of), at: clock.at, amount: of.amount })));
          if (isExecuted) continue;
          await giveBack('not_carried_out');
          undo();
        }
        await limited.close();
      },
    );
    await fc.assert(property, { numRuns: kind === 'sqlite' ? 1_000 : 100 });
  });
});
