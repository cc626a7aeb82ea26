// Globs of rules: `*` is any run of characters (none too, and `_`, `/`, `:` like every other), `?` is any one. Nothing else is special.

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

/** Greedy with one point to fall back to: time is at most pattern times text, whatever a rule's author writes. */
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
