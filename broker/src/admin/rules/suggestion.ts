// What recorded calls suggest: the fewest rules that cover what was used, and what may be used and was not.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Suggestion } from 'mcpgate-shared/api/rules/previews';
import { limitText } from 'mcpgate-shared/api/rules/rule-sentence';
import type { RecordedCall } from '../../audit/audit.ts';
import type { PolicySnapshot, Rule } from '../../domain/rule.ts';
import { accessUnder, type Thing } from '../../policy/previews/access.ts';
import { nameAtServer } from '../../policy/naming.ts';
import { ANY_CALL, foreseePolicy } from '../../policy/previews/possible-verdicts.ts';
import { isoTime } from '../iso-time.ts';
import { walkCalls } from './call-walk.ts';
import { fewestRules } from './fewest-rules.ts';
import type { KnownWorld } from './known-world.ts';
import { createCallReader } from './recorded-calls.ts';

/** How many things, used by how many people, are kept count of. */
const MOST_USED = 200_000;
const MOST_CELLS = 2_000_000;
const IN_ONE_TURN = 500;
const MOST_TOLD = 3;

export async function suggestion(
  pages: AsyncIterable<readonly RecordedCall[]>,
  world: KnownWorld,
  snapshot: PolicySnapshot,
  { workspaceId, since, now, mostCalls }: { workspaceId: string; since: string; now: number; mostCalls: number },
): Promise<Suggestion> {
  const reader = createCallReader(world, workspaceId);
  const rules = new Map(snapshot.rules.map((rule) => [rule.id, rule]));
  const used = createUses();
  const wentBy = new Set<string>();
  const { calls, stoppedAt } = await walkCalls(pages, {
    mostCalls,
    eachAlone: false,
    isMeant: ({ decision }) => decision !== 'deny',
    answer: (call) => reader.read(call),
    take(call, asked) {
      if (call.rule !== null) wentBy.add(call.rule);
      if (asked !== undefined) used.add(nameOf(asked.thing), asked.who, rules.get(call.rule ?? ''));
    },
    isFull: () => used.isFull(),
  });
  const groups = new Map<string, string[]>();
  for (const { name, principal } of world.people)
    for (const group of principal.user?.groups ?? []) groups.set(group, [...(groups.get(group) ?? []), name]);
  const tools = world.things.filter(({ ways: [[own]] }) => /^[^:]*__/.test(own));
  return {
    ...{ since, calls },
    stopped_at: stoppedAt,
    rules: used.byAsked().flatMap(({ approvers, uses, by }) =>
      fewestRules(uses, {
        groups,
        things: tools,
        isOf: (what, { ways }) => ways.every((names) => names.includes(what)),
      }).map(({ who, what, note }) => ({
        ...(approvers === undefined ? { effect: 'allow' as const } : { effect: 'ask' as const, approvers }),
        ...{ who, what, note: note + narrowerText(by, what, uses) },
      })),
    ),
    unused_rules: snapshot.rules
      .filter(({ id, effect, observe }) => effect !== 'deny' && !observe && !wentBy.has(id))
      .map(({ id }) => id),
    unused: await unusedOf(used.things(), world, snapshot, now),
    never_listed: [...world.neverListed],
  };
}

/** A rule with the URI alone would open it at every server. */
const nameOf = ({ server, name }: Thing): string => nameAtServer(server, name) ?? name;

/** What was used by whom, apart by whether somebody was asked first, and who: a rule in place of one that asks asks the same. */
function createUses() {
  interface Uses {
    /** Undefined: nobody was asked. */
    approvers: string[] | undefined;
    uses: Map<string, Set<string>>;
    /** The rules by which it went that allow less than everything of it, by what was used. */
    by: Map<string, Set<Rule>>;
  }
  const byAsked = new Map<string, Uses>();
  let pairs = 0;

  return {
    isFull: () => pairs > MOST_USED,
    add(what: string, who: string, rule: Rule | undefined): void {
      const approvers = rule?.effect === 'ask' ? [...rule.approvers] : undefined;
      const key = JSON.stringify(approvers ?? null);
      const of = byAsked.get(key) ?? { approvers, uses: new Map(), by: new Map() };
      byAsked.set(key, of);
      const people = of.uses.get(what) ?? new Set<string>();
      of.uses.set(what, people);
      if (!people.has(who) && ++pairs <= MOST_USED) people.add(who);
      if (rule !== undefined && narrowings(rule).length > 0)
        of.by.set(what, (of.by.get(what) ?? new Set<Rule>()).add(rule));
    },
    things: () => new Set([...byAsked.values()].flatMap(({ uses }) => [...uses.keys()])),
    /** What somebody was asked about at times is asked about: the stricter counts. */
    byAsked(): Uses[] {
      const asking = [...byAsked.values()].filter(({ approvers }) => approvers !== undefined);
      for (const { approvers, uses } of byAsked.values())
        if (approvers === undefined)
          for (const [what, people] of uses) {
            for (const each of asking) for (const who of each.uses.get(what) ?? []) people.delete(who);
            if (people.size === 0) uses.delete(what);
          }
      return [...byAsked.values()];
    },
  };
}

/** What makes a rule allow less than its WHO and WHAT say. */
const narrowings = ({ when, limits, until }: Rule): string[] => [
  ...(when === undefined ? [] : [`when ${when}`]),
  ...limits.map(({ withinMs, ...each }) => limitText({ sum: null, ...each, within_ms: withinMs })),
  ...(until === undefined ? [] : [`until ${isoTime(until)}`]),
];

/** Told with a suggested rule, which has nothing of it. */
function narrowerText(
  by: ReadonlyMap<string, ReadonlySet<Rule>>,
  what: readonly string[],
  uses: ReadonlyMap<string, unknown>,
): string {
  const meant = what.flatMap((each) => (uses.has(each) ? [each] : [...uses.keys()]));
  const rules = new Set(meant.flatMap((each) => [...(by.get(each) ?? [])]));
  const told = [...rules].slice(0, MOST_TOLD).map((rule) => `${rule.id} (${narrowings(rule).join(', ')})`);
  if (told.length === 0) return '';
  const more = rules.size > told.length ? ` and ${rules.size - told.length} more` : '';
  return cut(`; narrower until now: ${told.join(', ')}${more}`);
}

/** A note has 500 characters at most. */
const cut = (text: string): string => (text.length <= 350 ? text : `${text.slice(0, 349)}…`);

async function unusedOf(
  used: ReadonlySet<string>,
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
