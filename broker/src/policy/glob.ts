// The globs of rules: `*` matches any run of characters, also none, and also `_`, `/` and `:`; `?` matches any one character. Nothing else is
// special. What a glob says of all texts that begin alike is asked here too, for the question whether anything of a server may be allowed.

export interface Glob {
  /** The pattern up to its first `*` or `?`; the whole of it where it has neither. */
  prefix: string;
  /** True where the pattern has neither `*` nor `?`. */
  literal: boolean;
  matches(text: string): boolean;
}

export function compileGlob(pattern: string): Glob {
  const wild = pattern.search(/[*?]/);
  if (wild < 0) return { prefix: pattern, literal: true, matches: (text) => text === pattern };
  const prefix = pattern.slice(0, wild);
  if (wild === pattern.length - 1 && pattern.endsWith('*')) {
    return { prefix, literal: false, matches: (text) => text.startsWith(prefix) };
  }
  return { prefix, literal: false, matches: (text) => matchGlob(pattern, text) };
}

/** For a pattern that is asked about now and then. */
export const matchesGlob = (pattern: string, text: string): boolean => compileGlob(pattern).matches(text);

/** Whether any of the patterns matches. */
export function anyGlob(patterns: readonly string[]): (text: string) => boolean {
  const globs = patterns.map(compileGlob);
  return (text) => globs.some((glob) => glob.matches(text));
}

/** Matches greedily and goes back to the last `*` only: the time is at most the pattern's length times the text's, whatever a rule says. */
function matchGlob(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    const char = pattern.charAt(inPattern);
    if (char === '*') {
      star = inPattern++;
      starText = inText;
    } else if (char === '?' || char === text.charAt(inText)) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      inPattern = star + 1;
      inText = ++starText;
    } else {
      return false;
    }
  }
  while (pattern.charAt(inPattern) === '*') inPattern++;
  return inPattern === pattern.length;
}

/** Whether the glob matches at least one text that begins with `head`. */
export function matchesSomeBelow(glob: string, head: string): boolean {
  for (let at = 0; at < head.length; at++) {
    const wanted = glob.charAt(at);
    if (wanted === '*') return true;
    if (wanted !== '?' && wanted !== head.charAt(at)) return false;
  }
  // There is a text that goes on after `head` as the rest of the glob does.
  return true;
}

/** Whether the glob matches every text that begins with `head`: only a glob with a `*` at its end can. */
export function matchesAllBelow(glob: string, head: string): boolean {
  return glob.endsWith('*') && compileGlob(glob).matches(head);
}
