// Who may do what, over people and things: as it stands, and how it differs between two policies.
import type { Principal } from '../../domain/people/principal.ts';
import { PLAIN_RULE, type Rule } from '../../domain/rule.ts';
import type { RuleNames } from '../naming.ts';
import type { Facts } from '../verdict.ts';
import {
  ANY_CALL,
  foreseePolicy,
  type ForeseenPolicy,
  type Possible,
  type PossibleDecision,
} from './possible-verdicts.ts';

/** Somebody whom rules know: `user:ada`, or `grant:ci` of nobody. */
export interface Person {
  name: string;
  principal: Principal;
}

/** Something that a server offers. */
export interface Thing {
  /** As in rules, for people to read; with its bundle, where it is the thing as it is called through that. */
  name: string;
  server: string;
  /** One for each way in which it may be called, and for each class that it may have. */
  ways: readonly [RuleNames, ...RuleNames[]];
}

export interface Cell {
  person: Person;
  thing: Thing;
}

const factsAt = (now: number): Facts => ({ now, client: { name: null, version: null }, address: undefined });

/** Judges every thing for every person; what is not known of calls is left open. */
export function* accessUnder(
  policy: ForeseenPolicy,
  people: readonly Person[],
  things: readonly Thing[],
  now: number,
): Generator<Cell & { possible: Possible }> {
  const facts = factsAt(now);
  for (const person of people)
    for (const thing of things) {
      const { principal } = person;
      yield { person, thing, possible: policy.judge({ principal, server: thing.server, facts }, thing.ways) };
    }
}

export const isOther = (before: Possible, after: Possible): boolean =>
  decisionsOf(before).join() !== decisionsOf(after).join();

const RANKS: Readonly<Record<PossibleDecision, number>> = { deny: 0, ask: 1, would_deny: 2, allow: 2 };

/** What may be decided, the least first. */
export function decisionsOf({ verdicts }: Possible): PossibleDecision[] {
  return [...verdicts.keys()].sort((a, b) => RANKS[a] - RANKS[b] || (a < b ? -1 : 1));
}

/** The rules by which that is. */
export function rulesOf({ verdicts }: Possible): string[] {
  return [...new Set([...verdicts.values()].flatMap(({ rule }) => rule ?? []))];
}

/** `other`: more in one case and less in another, or the same that is only told otherwise in the log. */
export function directionOf(before: readonly PossibleDecision[], after: readonly PossibleDecision[]): Direction {
  const bounds = (of: readonly PossibleDecision[]) => {
    const ranks = of.map((each) => RANKS[each]);
    return [Math.min(...ranks), Math.max(...ranks)] as const;
  };
  const [[least, most], [nextLeast, nextMost]] = [bounds(before), bounds(after)];
  if (nextLeast === least && nextMost === most) return 'other';
  if (nextLeast >= least && nextMost >= most) return 'gains';
  return nextLeast <= least && nextMost <= most ? 'loses' : 'other';
}
export type Direction = 'gains' | 'loses' | 'other';

/**
 * Says of whom and of what a change of these rules can be: whatever they are not about is decided as before. It asks the policy whether a rule that
 * allows everything to their people, or their things to everybody, may do so.
 */
export function scopeOfRules(
  workspaceRules: readonly Rule[],
  now: number,
): {
  isAboutPerson(person: Pick<Person, 'principal'>): boolean;
  isAboutThing(thing: Pick<Thing, 'server' | 'ways'>): boolean;
} {
  const allowing = (rule: Rule, widened: Partial<Rule>): Rule => {
    const { when: _when, until: _until, ...rest } = rule;
    return { ...rest, ...PLAIN_RULE, ...widened, effect: 'allow' };
  };
  const policyOf = (rules: Rule[]) => foreseePolicy({ version: 0, enforcement: 'enforce', rules }, now, ANY_CALL);
  const byPerson = policyOf(workspaceRules.map((rule) => allowing(rule, { what: ['*'] })));
  const byThing = policyOf(workspaceRules.map((rule) => allowing(rule, { who: ['*'] })));
  const facts = factsAt(now);
  const nobody: Principal = { workspaceId: '', credential: { kind: 'grant', id: '', label: '' } };
  const anyThing: RuleNames = ['a__a'];
  return {
    isAboutPerson({ principal }) {
      const { servers: _servers, ...free } = principal;
      // A grant of a person is named by rules that take away only, so whoever has one may be meant.
      if (principal.user !== undefined && principal.credential.kind === 'grant') return true;
      return byPerson.judge({ principal: free, server: 'a', facts }, [anyThing]).certain?.decision !== 'deny';
    },
    isAboutThing: ({ server, ways }) => {
      // A rule that only allows does not count for spellings of a URI, and for a class that is not known.
      if (ways.some(([own]) => own.startsWith('resource:'))) return true;
      const each = ways.flatMap((names) => names.map((name): RuleNames => [name]));
      const shared = ways.flatMap((names) => names.slice(1).map((name): RuleNames => [names[0], name]));
      return [...each, ...shared].some(
        (names) => byThing.judge({ principal: nobody, server, facts }, [names]).certain?.decision !== 'deny',
      );
    },
  };
}
