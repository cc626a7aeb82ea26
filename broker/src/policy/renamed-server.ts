// What rules mean of a server that gets another name: those that name it exactly can be rewritten, and of those with wildcards it can be said
// whether they mean the same of it as before.
import { compileGlob } from './glob.ts';
import { isSharedName, nameHeads } from './naming.ts';

/** `less`, `more`: some of what it matched of the server is missing now, or was not matched before; `other`: both. */
export type Shift = 'less' | 'more' | 'other';

/** `what` of a rule with the other name where it names the server without a wildcard: `OLD__*` becomes `NEW__*`. */
export function renamedWhat(what: string, from: string, to: string): string {
  if (isSharedName(what))
    return SHARED_BY_SERVER.some((head) => what === head + from) ? what.slice(0, -from.length) + to : what;
  const found = headsOf(from, to).find(([old]) => what.startsWith(old));
  return found === undefined ? what : found[1] + what.slice(found[0].length);
}

/** How what `what` matches of the server differs once that is renamed, and `what` with it; undefined: not at all. */
export function shiftOf(what: string, from: string, to: string): Shift | undefined {
  const now = renamedWhat(what, from, to);
  if (isSharedName(what)) return shiftOfShared(what, now, from, to);
  const shifts = new Set<Shift>();
  for (const [old, next] of headsOf(from, to)) {
    const [before, after] = [restsAfter(what, old), restsAfter(now, next)];
    if ([...before].some((rest) => !after.has(rest))) shifts.add('less');
    if ([...after].some((rest) => !before.has(rest))) shifts.add('more');
  }
  const [first, second] = shifts;
  return second === undefined ? first : 'other';
}

/** Things share these names by their server. */
const SHARED_BY_SERVER = ['read:', 'write:'] as const;

function shiftOfShared(what: string, now: string, from: string, to: string): Shift | undefined {
  const shifts = SHARED_BY_SERVER.map((head): Shift | undefined => {
    const [before, after] = [compileGlob(what).matches(head + from), compileGlob(now).matches(head + to)];
    return before === after ? undefined : before ? 'less' : 'more';
  });
  return shifts.find((each) => each !== undefined);
}

/** With what the names of its things begin, by either name. */
function headsOf(from: string, to: string): [old: string, now: string][] {
  const next = nameHeads(to).flat();
  return nameHeads(from)
    .flat()
    .flatMap((old, index): [string, string][] => (old === next[index] ? [] : [[old, next[index] ?? old]]));
}

/**
 * What may be left of a glob once it has matched all of `head`: it matches `head` + T where one of these matches T. (The states of the glob as a
 * machine that reads one character after the other.)
 */
function restsAfter(glob: string, head: string): ReadonlySet<string> {
  const pattern = glob.replaceAll(/\*+/g, '*');
  const withEmptyStar = (places: Iterable<number>): Set<number> =>
    new Set([...places].flatMap((at) => (pattern[at] === '*' ? [at, at + 1] : [at])));
  let places = withEmptyStar([0]);
  for (const char of head) {
    const next = [...places].flatMap((at) => {
      if (pattern[at] === '*') return [at];
      return pattern[at] === '?' || pattern[at] === char ? [at + 1] : [];
    });
    places = withEmptyStar(next);
  }
  return new Set([...places].map((at) => pattern.slice(at)));
}
