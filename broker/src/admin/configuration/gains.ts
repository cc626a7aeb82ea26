// Who gains and who loses what between two states of a workspace, people's groups and roles, bundles and servers included.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AccessChange, RulePreview } from 'mcpgate-shared/api/rules/previews';
import type { PolicySnapshot } from '../../domain/rule.ts';
import { decisionsOf, directionOf, isOther, rulesOf, type Person, type Thing } from '../../policy/previews/access.ts';
import { ANY_CALL, foreseePolicy, type Possible } from '../../policy/previews/possible-verdicts.ts';
import { createFolder } from '../rules/folded.ts';
import type { KnownWorld } from '../rules/known-world.ts';

/** How many pairs of a person and a thing are looked at, and how many before others have their turn. */
const MOST_CELLS = 2_000_000;
const IN_ONE_TURN = 500;
const MOST_LINES = 1_000;

export interface Standing {
  policy: PolicySnapshot;
  world: KnownWorld;
}

export type Gains = Omit<RulePreview, 'policy_version' | 'warnings' | 'replay'>;

export async function gainsBetween(before: Standing, after: Standing, now: number): Promise<Gains> {
  // Where rules deny nothing, before and after, what they would do is what is asked for.
  const asEnforced = before.policy.enforcement !== 'enforce' && after.policy.enforcement === before.policy.enforcement;
  const judgeOf = ({ policy }: Standing) => {
    const foreseen = foreseePolicy(asEnforced ? { ...policy, enforcement: 'enforce' } : policy, now, ANY_CALL);
    const facts = { now, client: { name: null, version: null }, address: undefined };
    return ({ principal }: Person, { server, ways }: Thing): Possible =>
      foreseen.judge({ principal, server, facts }, ways);
  };
  const [judgeBefore, judgeAfter] = [judgeOf(before), judgeOf(after)];
  const people = pairs(before.world.people, after.world.people);
  const things = pairs(before.world.things, after.world.things);
  const folder = createFolder<Pick<AccessChange, 'before' | 'after' | 'rules'>>();
  let cells = 0;
  scan: for (const [was, is] of people)
    for (const [thingWas, thingIs] of things) {
      if (++cells % IN_ONE_TURN === 0) await nextTurn();
      if (cells > MOST_CELLS) break scan;
      const then = was && thingWas && judgeBefore(was, thingWas);
      const next = is && thingIs && judgeAfter(is, thingIs);
      // What is there on one side alone may not be used on the other.
      if (then !== undefined && next !== undefined ? !isOther(then, next) : isDenied(then) && isDenied(next)) continue;
      folder.add((is ?? was)?.name ?? '', (thingIs ?? thingWas)?.name ?? '', {
        before: then === undefined ? ['deny'] : decisionsOf(then),
        after: next === undefined ? ['deny'] : decisionsOf(next),
        rules: next === undefined ? [] : rulesOf(next),
      });
    }
  const lines = folder.lines().map(({ label, who, what }): AccessChange => ({
    direction: directionOf(label.before, label.after),
    ...{ who, what },
    ...label,
  }));
  const hidden = lines.slice(MOST_LINES).reduce((sum, { who, what }) => sum + who.length * what.length, 0);
  return {
    as_enforced: asEnforced,
    people: people.length,
    things: things.length,
    never_listed: [...after.world.neverListed],
    access: lines.slice(0, MOST_LINES),
    left_out: Math.max(0, people.length * things.length - MOST_CELLS) + hidden,
  };
}

const isDenied = (possible: Possible | undefined): boolean =>
  possible === undefined || decisionsOf(possible).every((each) => each === 'deny');

/** What has the same name on both sides. */
function pairs<T extends { name: string }>(
  before: readonly T[],
  after: readonly T[],
): (readonly [T | undefined, T | undefined])[] {
  const later = new Map(after.map((each) => [each.name, each]));
  const earlier = new Set(before.map(({ name }) => name));
  return [
    ...before.map((each) => [each, later.get(each.name)] as const),
    ...after.filter(({ name }) => !earlier.has(name)).map((each) => [undefined, each] as const),
  ];
}
