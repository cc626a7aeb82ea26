// What a glob says of all texts that begin alike: whether it may match one of them, and whether it matches each.
import { compileGlob } from './glob.ts';

/** Whether some text that begins with `head` matches. */
export function matchesSomeBelow(glob: string, head: string): boolean {
  let states = new Set<number>([0]);
  const withStars = (from: ReadonlySet<number>) => {
    const all = new Set(from);
    for (const state of all) if (glob.charAt(state) === '*') all.add(state + 1);
    return all;
  };
  states = withStars(states);
  for (const char of head) {
    const next = new Set<number>();
    for (const state of states) {
      const wanted = glob.charAt(state);
      if (wanted === '*') next.add(state);
      else if (wanted === '?' || wanted === char) next.add(state + 1);
    }
    states = withStars(next);
    if (states.size === 0) return false;
  }
  // Whatever is left of the glob, there is a text that goes on so.
  return true;
}

/** Whether every text that begins with `head` matches. */
export function matchesAllBelow(glob: string, head: string): boolean {
  if (!glob.endsWith('*')) return false;
  const { matches } = compileGlob(glob.slice(0, -1));
  for (let length = 0; length <= head.length; length++) if (matches(head.slice(0, length))) return true;
  return false;
}
