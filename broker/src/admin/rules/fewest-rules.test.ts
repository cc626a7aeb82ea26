// Suggested rules are asked of the policy: everything that was used is allowed by them.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Principal } from '../../domain/people/principal.ts';
import { PLAIN_RULE } from '../../domain/rule.ts';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { ruleNames } from '../../policy/naming.ts';
import type { Person, Thing } from '../../policy/previews/access.ts';
import { fewestRules } from './fewest-rules.ts';

const GROUPS: Record<string, string[]> = { eng: ['user:a', 'user:b', 'user:c'], ops: ['user:c', 'user:d'] };
const people = ['user:a', 'user:b', 'user:c', 'user:d', 'user:e'].map((name): Person => {
  const groups = Object.keys(GROUPS).filter((group) => GROUPS[group]?.includes(name));
  const principal: Principal = {
    workspaceId: 'w',
    user: { id: name, name: name.slice('user:'.length), role: 'member', groups },
    credential: { kind: 'device', id: 'd', label: 'd' },
  };
  return { name, principal };
});
const things = (['r1', 'r2', 'w1'] as const).flatMap((own) =>
  ['x', 'y'].map((server): Thing => {
    const names = ruleNames('tools', server, own, own === 'w1' ? 'write' : 'read');
    return { name: names[0], server, ways: [names] };
  }),
);
const isOf = (what: string, { ways }: Thing): boolean => ways.every((names) => names.includes(what));
const groups = new Map(Object.entries(GROUPS));

const suggested = (used: ReadonlyMap<string, ReadonlySet<string>>) => fewestRules(used, { groups, things, isOf });

it('everything that was used is allowed by the rules that are suggested, and nothing that nobody used', () => {
  const pairs = fc.array(fc.tuple(fc.constantFrom(...people), fc.constantFrom(...things)), { maxLength: 25 });
  fc.assert(
    fc.property(pairs, (chosen) => {
      const used = new Map<string, Set<string>>();
      for (const [person, thing] of chosen) {
        const by = used.get(thing.name) ?? new Set<string>();
        used.set(thing.name, by.add(person.name));
      }
      const rules = suggested(used).map(({ who, what }, at) => ({
        ...PLAIN_RULE,
        ...{ id: `r_${at}`, effect: 'allow' as const, who, what, createdAt: 0, createdBy: 'test' },
      }));
      const policy = compilePolicy({ version: 1, enforcement: 'enforce', rules });
      const facts = { now: 0, client: { name: null, version: null }, address: undefined };
      const isAllowed = ({ principal }: Person, { server, ways: [names] }: Thing) =>
        policy.decide({ principal, server, names, facts }).decision === 'allow';
      for (const [person, thing] of chosen) assert.ok(isAllowed(person, thing), `${person.name} ${thing.name}`);
      for (const thing of things.filter(({ name }) => !used.has(name)))
        assert.ok(!people.some((person) => isAllowed(person, thing)), `${thing.name} was used by nobody`);
    }),
    { numRuns: 500 },
  );
});

it('a group stands for its people where half of them used a thing, and the reading tools of a server for all of them', () => {
  const used = new Map(['x__r1', 'x__r2'].map((what) => [what, new Set(['user:a', 'user:b', 'user:e'])]));
  assert.deepEqual(suggested(used), [
    {
      who: ['group:eng', 'user:e'],
      what: ['read:x'],
      note: 'suggested by what was used; 1 of these people did not use all of it',
    },
  ]);
});
