// What of rules that stand matches nobody or nothing any more, or not yet. Each word is looked up once, however many rules have it.
import type { Rule } from '../../domain/rule.ts';
import { doubtsAbout, doubtsAboutWord } from './doubts.ts';
import type { KnownWorld } from './known-world.ts';

/** Words that are no plain name of a thing, and are compared with everything that is known: further ones are not looked up. */
const MOST_COMPARED = 500;

export function createStandingDoubts(world: KnownWorld, now: number): (rule: Rule) => string[] {
  const plain = new Set(world.things.flatMap(({ ways }) => ways.flat()));
  const known = new Map<string, readonly string[]>();
  const lookedUp = (word: string, lookUp: () => readonly string[]): readonly string[] => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const found = known.size >= MOST_COMPARED ? [] : lookUp();
    known.set(word, found);
    return found;
  };
  const ofWho = (who: string) =>
    lookedUp(`who ${who}`, () => {
      const rule = { effect: 'deny' as const, who: [who], except: [], what: [], approvers: [], limits: [] };
      return doubtsAbout(rule, world, now).warnings;
    });
  const ofWhat = (what: string) =>
    what === '*' || plain.has(what) ? [] : lookedUp(`what ${what}`, () => doubtsAboutWord(what, world));
  return ({ who, except, what, until }) => {
    if (until !== undefined && until <= now) return [];
    const people = [...who, ...except].filter((each) => each !== '*');
    return [...new Set([...people.flatMap(ofWho), ...what.flatMap(ofWhat)])];
  };
}
