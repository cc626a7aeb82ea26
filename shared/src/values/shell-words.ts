// Splits a shell's line into words, with their positions and their quoting. It knows as much of the shells' grammar as tells a word from its
// neighbours. A line with a substitution or a here-document is marked as not certain, and then values are not quoted by guess.
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
