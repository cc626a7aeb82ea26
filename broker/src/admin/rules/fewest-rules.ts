// The fewest rules that cover what was used. A group stands for its people where at least half of them used a thing; a server's reading tools stand
// together where all of them were used. Whatever else was used is named one by one.
import type { Thing } from '../../policy/previews/access.ts';

export interface SuggestedRule {
  who: string[];
  what: string[];
  note: string;
}

const MOST_IN_A_RULE = 100;

/** `used`: the names of people by what they used. `groups`: the names of people by their groups. */
export function fewestRules(
  used: ReadonlyMap<string, ReadonlySet<string>>,
  {
    groups,
    things,
    isOf,
  }: {
    groups: ReadonlyMap<string, readonly string[]>;
    things: readonly Thing[];
    isOf(what: string, thing: Thing): boolean;
  },
): SuggestedRule[] {
  const byWho = new Map<string, { who: string[]; what: string[]; more: number }>();
  for (const [what, people] of used) {
    const { who, more } = namesOf(people, groups);
    const key = JSON.stringify(who);
    const rule = byWho.get(key) ?? { who, what: [], more: 0 };
    rule.what.push(what);
    rule.more = Math.max(rule.more, more);
    byWho.set(key, rule);
  }
  return [...byWho.values()].flatMap(({ who, what, more }) => {
    const note = `suggested by what was used${more === 0 ? '' : `; ${more} of these people did not use all of it`}`;
    return parts(who).flatMap((some) =>
      parts(withClasses(what, things, isOf)).map((these): SuggestedRule => ({
        who: some,
        what: these,
        note,
      })),
    );
  });
}

/** Groups first, the one that covers most; the rest by their own names. `more`: how many of the groups' people are not among them. */
function namesOf(
  people: ReadonlySet<string>,
  groups: ReadonlyMap<string, readonly string[]>,
): { who: string[]; more: number } {
  const rest = new Set(people);
  const who: string[] = [];
  const others = new Set<string>();
  for (;;) {
    let best: { name: string; of: readonly string[]; covers: number } | undefined;
    for (const [name, of] of groups) {
      const [among, covers] = [
        of.filter((each) => people.has(each)).length,
        of.filter((each) => rest.has(each)).length,
      ];
      if (among * 2 < of.length || covers < 2 || (best !== undefined && best.covers >= covers)) continue;
      best = { name, of, covers };
    }
    if (best === undefined) break;
    who.push(`group:${best.name}`);
    for (const each of best.of) {
      rest.delete(each);
      if (!people.has(each)) others.add(each);
    }
  }
  return { who: [...who, ...[...rest].sort()], more: others.size };
}

/** `read:SERVER` in place of the tools that it means, where these are all that it means, and more than one. */
function withClasses(
  what: readonly string[],
  things: readonly Thing[],
  isOf: (what: string, thing: Thing) => boolean,
): string[] {
  const names = new Set(what);
  const found: string[] = [];
  for (const server of new Set(things.map((each) => each.server))) {
    const name = `read:${server}`;
    const meant = things.filter((thing) => thing.server === server && isOf(name, thing));
    if (meant.length < 2 || !meant.every((thing) => names.has(thing.name))) continue;
    found.push(name);
    for (const thing of meant) names.delete(thing.name);
  }
  return [...found, ...[...names].sort()];
}

function parts(of: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(of.length / MOST_IN_A_RULE) }, (_part, at) =>
    of.slice(at * MOST_IN_A_RULE, (at + 1) * MOST_IN_A_RULE),
  );
}
