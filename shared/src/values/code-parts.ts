// The parts of a program's source in an argument (`node -e`, `python -c`): its string literals and numbers, each under the name that stands
// before it. Everything else is code, and is never touched. The file knows what JavaScript, Python, Ruby, Perl and PHP have in common; what it
// cannot tell for certain counts as code.
import { asItIs, type Part, type Spot, type Spelling, type Structure } from './spot.ts';
import { isName } from './plain-word.ts';
import { replaceReferences } from './secret-reference.ts';

type Quote = '"' | "'" | '`';

interface Literal {
  /** Of the text inside the quotes. */
  start: number;
  end: number;
  quote: Quote;
  /** An f-string of Python, which fills values into its braces. */
  isFormat: boolean;
}

export function codeParts(code: string): Structure {
  // The program must not be thought to substitute our references itself.
  const shape = replaceReferences(code, ({ start, end }) => 'x'.repeat(end - start));
  const literals = literalsIn(shape);
  const texts = literals.flatMap((literal, index): Part[] => {
    const pieces = plainPieces(shape, literal);
    const isWhole = pieces.length === 1 && !isJoined(shape, literal);
    const spot = spotOf(isWhole ? nameBefore(shape, literal, literals[index - 1]) : '');
    return pieces.map(([start, end]) => ({ start, end, spot, spelling: SPELLINGS[literal.quote] }));
  });
  const parts = [...texts, ...numbersIn(shape, literals)].filter(({ start, end }) => end > start);
  return { parts: parts.toSorted((one, other) => one.start - other.start), between: BETWEEN };
}

const spotOf = (name: string): Spot =>
  name === '' ? { kind: 'argument', name, label: 'code' } : { kind: 'pair', name, label: `code, ${name}` };

/** A value may neither end its literal nor be taken for a part of the program in it. */
const SPELLINGS: Record<Quote, Spelling> = {
  "'": inLiteral(/['\\\r\n\0]/),
  '"': inLiteral(/["\\\r\n\0$@#{}]/),
  '`': inLiteral(/[`\\\0$]/),
};
const BETWEEN = asItIs('a program', (value) => /^[\w./:=@+,-]+$/.test(value));

function inLiteral(bad: RegExp): Spelling {
  return {
    where: 'a string of a program',
    decode: (raw) => (raw.includes('\\') ? undefined : raw),
    encode: (value) => (bad.test(value) ? undefined : value),
  };
}

/** Words that may stand right before a literal; after any other word a quote is an apostrophe in a comment. */
const LEADS =
  /^(?:[rbfu]{0,2}|return|case|in|is|of|print|echo|puts|q|typeof|await|yield|and|or|not|if|elif|else|when|require|import|from|raise|throw)$/i;

function literalsIn(code: string): Literal[] {
  const literals: Literal[] = [];
  for (let at = 0; at < code.length; at++) {
    const quote = code.charAt(at);
    if (quote !== '"' && quote !== "'" && quote !== '`') continue;
    const word = /\w*$/.exec(code.slice(Math.max(0, at - 20), at))?.[0] ?? '';
    const end = LEADS.test(word) ? literalEnd(code, at, quote) : -1;
    if (end === -1) continue;
    literals.push({ start: at + 1, end, quote, isFormat: /^(?:f|rf|fr)$/i.test(word) });
    at = end;
  }
  return literals;
}

/** Index of the closing quote; -1 where there is none on the line. */
function literalEnd(code: string, open: number, quote: Quote): number {
  for (let at = open + 1; at < code.length; at++) {
    const character = code.charAt(at);
    if (character === '\\') at++;
    else if (character === quote) return at;
    else if (character === '\n' && quote !== '`') return -1;
  }
  return -1;
}

/** The pieces of a literal between the expressions that the program fills into it (`${…}`, `#{…}`, `{…}`). */
function plainPieces(code: string, { start, end, quote, isFormat }: Literal): [start: number, end: number][] {
  const filled = isFormat ? /\{[^{}]*\}/g : quote === '"' ? /#\{[^{}]*\}/g : /\$\{(?!env:|input:)[^{}]*\}/g;
  if (quote === "'" && !isFormat) return [[start, end]];
  const pieces: [number, number][] = [];
  let from = start;
  for (const { index, 0: whole } of code.slice(start, end).matchAll(filled)) {
    pieces.push([from, start + index]);
    from = start + index + whole.length;
  }
  return [...pieces, [from, end]];
}

/** Whether the program joins the literal with something else, so that the literal is only a part of the value. */
const isJoined = (code: string, { start, end }: Literal): boolean =>
  /^\s*(?:\+(?!\+)|%(?!\w+=)|\.\s*(?:format|concat|join)\b|\.\s*\$|\s\.\s)/.test(code.slice(end + 1, end + 40)) ||
  /[^+]\+\s*[rbfu]{0,2}$|\s\.\s*$/i.test(code.slice(Math.max(0, start - 20), start - 1));

const NAMED =
  /([A-Za-z_$][\w$-]*)["'`]?\s*[\]}]?\s*(?::\s*[A-Za-z][\w.]*\s*=|:|\|\|=|\?\?=|[:+]?=|=>|\?\?|\|\|)\s*(?:await\s+)?[rbfu]{0,2}$/i;

/**
 * The name that a literal stands under: `name: "…"`, `"name": "…"`, `NAME = "…"`, `env["NAME"] = "…"`, `name => "…"`, `set("NAME", "…")`,
 * `"--name", "…"`.
 */
function nameBefore(code: string, { start }: Literal, previous: Literal | undefined): string {
  const named = NAMED.exec(code.slice(Math.max(0, start - 200), start - 1))?.[1];
  if (named !== undefined) return isName(named) ? named : '';
  if (previous === undefined || !/^\s*,\s*[rbfu]{0,2}$/i.test(code.slice(previous.end + 1, start - 1))) return '';
  const text = code.slice(previous.start, previous.end);
  if (/^--?[A-Za-z][\w-]*$/.test(text)) return text;
  const called = /(\w+)\(\s*[rbfu]{0,2}$/i.exec(code.slice(Math.max(0, previous.start - 60), previous.start - 1))?.[1];
  const isSetting = /get|set|put|add|append|header|env|define/i.test(called ?? '');
  return isSetting && /^[A-Za-z_][\w-]*$/.test(text) && isName(text) ? text : '';
}

const NUMBER = /(?<![\w$-])([A-Za-z_$][\w$-]{0,60})["'`]?\s{0,4}\]?\s{0,4}[:=]\s{0,4}(\d{4,})(?![\w.])/g;
const DIGITS = asItIs('a number of a program', (value) => /^\d+$/.test(value));

/** Numbers of at least four digits that are assigned to a name: `pin = 123456`. */
function numbersIn(code: string, literals: readonly Literal[]): Part[] {
  return [...code.matchAll(NUMBER)].flatMap(({ index, 0: whole, 1: name = '', 2: digits = '' }): Part[] => {
    const end = index + whole.length;
    const start = end - digits.length;
    const isInside = literals.some((literal) => literal.start <= start && end <= literal.end);
    return isInside ? [] : [{ start, end, spot: spotOf(name), spelling: DIGITS }];
  });
}
