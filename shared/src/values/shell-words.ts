// Splits a shell's line into words, with their positions and their quoting, and finds the variables that the line sets. It knows as much of the
// shells' grammar as tells a word from its neighbours. A line with a substitution or a here-document is marked as not certain, and then values
// are not quoted by guess.
import type { Shell } from './spot.ts';
import type { Quote } from './shell-spelling.ts';

/** A part of a word that is quoted in one way. */
interface Segment {
  /** Of the text inside the quotes. */
  start: number;
  end: number;
  quote: Quote;
}

export interface Word {
  start: number;
  end: number;
  segments: readonly Segment[];
  /** The word without its quotes. */
  text: string;
}

const GRAMMAR = {
  posix: { between: /[\s;&|()<>]/, single: true, escape: '\\' },
  powershell: { between: /[\s;&|()<>,]/, single: true, escape: '`' },
  cmd: { between: /[\s&|()<>]/, single: false, escape: '^' },
} as const satisfies Record<Shell, unknown>;

export function shellWords(line: string, shell: Shell): { words: Word[]; isCertain: boolean } {
  const { between, single, escape } = GRAMMAR[shell];
  const words: Word[] = [];
  let isCertain = !/\$\(|<<|\$['"]/.test(line) && !(shell === 'posix' && line.includes('`'));
  let at = 0;
  while (at < line.length) {
    if (between.test(line.charAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    const segments: Segment[] = [];
    while (at < line.length && !between.test(line.charAt(at))) {
      const character = line.charAt(at);
      if (character === '"' || (single && character === "'")) {
        const end = quoteEnd(line, at, shell === 'cmd' ? '' : escape);
        if (end === -1) isCertain = false;
        const last = end === -1 ? line.length : end;
        segments.push({ start: at + 1, end: last, quote: character === '"' ? 'double' : 'single' });
        at = last + 1;
        continue;
      }
      const from = at;
      while (at < line.length && !between.test(line.charAt(at)) && !isQuote(line.charAt(at), single)) {
        at += line.charAt(at) === escape && at + 1 < line.length ? 2 : 1;
      }
      segments.push({ start: from, end: at, quote: 'none' });
    }
    const text = segments.map((segment) => line.slice(segment.start, segment.end)).join('');
    words.push({ start, end: Math.min(at, line.length), segments, text });
  }
  return { words, isCertain };
}

const isQuote = (character: string, single: boolean): boolean => character === '"' || (single && character === "'");

function quoteEnd(line: string, open: number, escape: string): number {
  const quote = line.charAt(open);
  for (let at = open + 1; at < line.length; at += 1) {
    if (quote === '"' && escape !== '' && line.charAt(at) === escape) at += 1;
    else if (line.charAt(at) === quote) return at;
  }
  return -1;
}

const NAME = '[A-Za-z_]\\w*';
/** `NAME=…`, also behind `export`; `read NAME`; `for NAME in …`. */
const POSIX = new RegExp(
  `(?:^|[\\s;&|({])(?:(${NAME})=|read\\s+(?:-\\w+\\s+)*(${NAME})|for\\s+(${NAME})\\s+in\\b)`,
  'g',
);
/** `set -x NAME …` of fish, `setenv NAME …` of csh: both count as `posix`, because they are started in the same way. */
const SET = new RegExp(`(?:^|[\\s;&|({])(?:set\\s+(?:-\\w+\\s+)+|setenv\\s+)(${NAME})\\s`, 'g');
const POWERSHELL = new RegExp(`\\$(?:env:)?(${NAME})\\s*=(?!=)`, 'gi');
const CMD = new RegExp(`\\bset\\s+(?:/\\w\\s+)?"?(${NAME})=`, 'gi');

const SETTING = {
  posix: [POSIX, SET],
  powershell: [POWERSHELL],
  cmd: [CMD],
} as const satisfies Record<Shell, readonly RegExp[]>;

/** The variables that a shell's line sets itself. Where the line uses one later, that is no placeholder for a person to fill in. */
export function variablesSetIn(line: string, shell: Shell): string[] {
  return SETTING[shell].flatMap((form) =>
    [...line.matchAll(form)].flatMap(([, ...names]) => names.filter((name) => name !== undefined)),
  );
}

/** Whether the shell computes the word itself: `$` is what `shellWords` leaves of `$(…)`, which it cuts at the bracket. */
export const isComputed = (word: string): boolean => word === '$' || /^`[a-z][\w./-]*$/.test(word);
