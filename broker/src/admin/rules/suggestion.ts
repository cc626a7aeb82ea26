// What recorded calls suggest: the fewest rules that cover what was used, and what may be used and was not.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Suggestion } from 'mcpgate-shared/api/rules/previews';
import type { RecordedCall } from '../../audit/audit.ts';
import type { PolicySnapshot } from '../../domain/rule.ts';
import { accessUnder } from '../../policy/previews/access.ts';
import { ANY_CALL, foreseePolicy } from '../../policy/previews/possible-verdicts.ts';
import { walkCalls } from './call-walk.ts';
import { fewestRules } from './fewest-rules.ts';
import type { KnownWorld } from './known-world.ts';
import { createCallReader } from './recorded-calls.ts';

/** How many things, used by how many people, are kept count of. */
const MOST_USED = 200_000;
const MOST_CELLS = 2_000_000;
const IN_ONE_TURN = 500;

export async function suggestion(
  pages: AsyncIterable<readonly RecordedCall[]>,
  world: KnownWorld,
  snapshot: PolicySnapshot,
  { workspaceId, since, now, mostCalls }: { workspaceId: string; since: string; now: number; mostCalls: number },
): Promise<Suggestion> {
  const reader = createCallReader(world, workspaceId);
  const used = new Map<string, Set<string>>();
  const wentBy = new Set<string>();
  let pairs = 0;
  const { calls, stoppedAt } = await walkCalls(pages, {
    mostCalls,
    eachAlone: false,
    isMeant: ({ decision }) => decision !== 'deny',
    answer(call) {
      const asked = reader.read(call);
      if (asked === undefined) return;
      const people = used.get(asked.thing.name) ?? new Set<string>();
      used.set(asked.thing.name, people);
      if (!people.has(asked.who) && ++pairs <= MOST_USED) people.add(asked.who);
    },
    take({ rule }) {
      if (rule !== null) wentBy.add(rule);
    },
    isFull: () => pairs > MOST_USED,
  });
  const groups = new Map<string, string[]>();
  for (const { name, principal } of world.people)
    for (const group of principal.user?.groups ?? []) groups.set(group, [...(groups.get(group) ?? []), name]);
  const tools = world.things.filter(({ ways: [[own]] }) => /^[^:]*__/.test(own));
  return {
    ...{ since, calls },
    stopped_at: stoppedAt,
    rules: fewestRules(used, {
      groups,
      things: tools,
      isOf: (what, { ways }) => ways.every((names) => names.includes(what)),
    }),
    unused_rules: snapshot.rules
      .filter(({ id, effect, observe }) => effect !== 'deny' && !observe && !wentBy.has(id))
      .map(({ id }) => id),
    unused: await unusedOf(used, world, snapshot, now),
    never_listed: [...world.neverListed],
  };
}

async function unusedOf(
  used: ReadonlyMap<string, unknown>,
  { people, things }: KnownWorld,
  snapshot: PolicySnapshot,
  now: number,
): Promise<Suggestion['unused']> {
  const counts = new Map<string, number>();
  const idle = things.filter(({ name }) => !used.has(name) && !used.has(name.replace(/ in bundle:.*$/s, '')));
  let cells = 0;
  for (const { thing, possible } of accessUnder(foreseePolicy(snapshot, now, ANY_CALL), people, idle, now)) {
    if (++cells % IN_ONE_TURN === 0) await nextTurn();
    if (cells > MOST_CELLS) break;
    if (possible.certain?.decision !== 'deny') counts.set(thing.name, (counts.get(thing.name) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => ({ what, people: count })).sort((a, b) => (a.what < b.what ? -1 : 1));
}
