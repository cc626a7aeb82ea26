// What a glob says of all texts that begin alike: whether it may match one of them, and whether it matches each.
import { compileGlob } from './glob.ts';

/** Whether some text that begins with `head` matches. */
export function matchesSomeBelow(glob: string, head: string): boolean {
  for (let at = 0; at < head.length; at++) {
    const wanted = glob.charAt(at);
    if (wanted === '*') return true;
    if (wanted !== '?' && wanted !== head.charAt(at)) return false;
  }
  // Whatever is left of the glob, there is a text that goes on so.
  return true;
}

/** Whether every text that begins with `head` matches: the `*` at the end takes what is left, however it goes on. */
export function matchesAllBelow(glob: string, head: string): boolean {
  return glob.endsWith('*') && compileGlob(glob).matches(head);
}
