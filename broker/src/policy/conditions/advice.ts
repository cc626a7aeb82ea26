// What people write in conditions who think of another language, or misspell a word, and what they are to write instead.
import { didYouMean, nearest } from 'mcpgate-shared/nearest';
import { VARIABLES } from './reads.ts';

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  user: ['name', 'role', 'groups'],
  tool: ['name', 'server', 'class'],
  client: ['name', 'version', 'address', 'device'],
};
const FUNCTIONS = [
  ...['contains', 'startsWith', 'endsWith', 'matches', 'size', 'all', 'exists', 'exists_one', 'map', 'filter'],
  ...['has', 'int', 'double', 'string', 'timestamp', 'duration', 'lowerAscii', 'upperAscii', 'trim', 'split', 'join'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getHours', 'getMinutes'],
  ...['getSeconds', 'getMilliseconds'],
];
/** Words of other languages, by what stands for them here. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ and: '&&', or: '||', not: '!', is: '==', equals: '==', like: '.matches("PATTERN")', none: 'null', nil: 'null' },
  ...{ undefined: 'null', true: 'true', false: 'false', includes: 'contains', len: 'size', length: 'size' },
  ...{
    count: 'size',
    getday: 'getDayOfWeek',
    gethour: 'getHours',
    regex: 'matches',
    match: 'matches',
    test: 'matches',
  },
};
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/=~$/, 'a pattern is TEXT.matches("PATTERN")'],
  [/[=!]==$/, 'write == or !='],
  [/<>$/, 'not equal is !='],
  [/=$/, 'equal is =='],
  [/&$/, 'and is &&'],
  [/\|$/, 'or is ||'],
  [/[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]$/, 'write straight quotes, " or \''],
];

/** What to do about a mistake at this place of the text, to be put behind the words of the library; empty where nothing is known. */
export function adviceAbout(text: string, summary: string, at: number): string {
  const [, unknown] = /^Unknown variable: (.+)$/s.exec(summary) ?? [];
  if (unknown !== undefined) return aboutVariable(unknown, text, at);
  const [, key] = /^No such key: (.+)$/s.exec(summary) ?? [];
  if (key !== undefined) return aboutMember(key, text.slice(0, at));
  const [, called] = /^found no matching overload for '(?:.*\.)?(\w+)\(/s.exec(summary) ?? [];
  if (called !== undefined) return aboutFunction(called);
  if (summary.startsWith('no such overload')) return aboutTypes(summary);
  if (summary === 'has() invalid argument') return '; it asks for one member, as has(args.amount)';
  if (summary === 'Unterminated string') return aboutQuote(text, at);
  const [, end] = /^Expected R(PAREN|BRACKET|BRACE), got EOF/.exec(summary) ?? [];
  if (end !== undefined) return `; write ${{ PAREN: ')', BRACKET: ']', BRACE: '}' }[end]} at its end`;
  const [, closing] = /^Unexpected character: '([)\]}])'/.exec(summary) ?? [];
  if (closing !== undefined) return `; nothing is opened that this ${closing} closes: leave it out`;
  return /^Unexpected (?:character|token)|got EOF$/.test(summary) ? aboutPlace(text, at) : '';
}

function aboutVariable(name: string, text: string, at: number): string {
  const there = `; there are ${VARIABLES.join(', ')}`;
  const word = WORDS[name.toLowerCase()];
  if (word !== undefined) return `${there}; did you mean ${word}?`;
  const near = nearest(name, VARIABLES);
  if (near !== undefined) return `${there}; did you mean ${near}?`;
  // `args.my-name` reads as a difference.
  const [, before] = /args\.([\w-]+-)$/.exec(text.slice(0, at)) ?? [];
  return `${there}; did you mean ${before === undefined ? `args.${name}` : `args["${before}${name}"]`}?`;
}

function aboutMember(key: string, before: string): string {
  const [, variable = ''] = /(\w+)\s*(?:\.|\[)\s*$/.exec(before) ?? [];
  const members = MEMBERS[variable];
  if (members === undefined) return '';
  return `; ${variable} has ${members.join(', ')}${didYouMean(key, members)}`;
}

function aboutFunction(called: string): string {
  const near = WORDS[called.toLowerCase()] ?? nearest(called, FUNCTIONS);
  return near === undefined || near === called ? '' : `; did you mean ${near}?`;
}

function aboutTypes(summary: string): string {
  const [, variable] = /\$(user|tool|client)\b/.exec(summary) ?? [];
  if (variable !== undefined)
    return `; write ${(MEMBERS[variable] ?? []).map((member) => `${variable}.${member}`).join(' or ')}`;
  if (/list<string> [!=]= string/.test(summary)) return '; whether it is in a list is asked so: "eng" in user.groups';
  return summary.includes('Timestamp') ? '; ask for a part of it, as time.getHours("Europe/Berlin")' : '';
}

function aboutQuote(text: string, at: number): string {
  const quote = text[at] === "'" ? "'" : '"';
  return `; write ${quote} at its end`;
}

function aboutPlace(text: string, at: number): string {
  if (at >= text.length) return '; something is missing at its end';
  const [before = ''] = /[\p{L}\p{M}\p{N}_]*$/u.exec(text.slice(0, at)) ?? [];
  const [after = ''] = /^[\p{L}\p{M}\p{N}_]*/u.exec(text.slice(at)) ?? [];
  const name = before + after;
  if (/[^\0-\x7F]/.test(name))
    return text.slice(0, at - before.length).endsWith('.')
      ? `; write ["${name}"] in place of .${name}`
      : '; letters beyond a to z stand in quotes';
  // `not args.x` is wrong at its second word.
  const [, first = ''] = /(\w+)\s+$/.exec(text.slice(0, at - before.length)) ?? [];
  const wrong = [name, first].find((each) => WORDS[each.toLowerCase()] !== undefined);
  if (wrong !== undefined) return `; write ${WORDS[wrong.toLowerCase()]} in place of ${wrong}`;
  // The place is at the sign that is one too many, or at the next one.
  const near = [text.slice(0, at + 1), text.slice(0, at + 2)];
  const sign = SIGNS.find(([pattern]) => near.some((each) => pattern.test(each)));
  return sign === undefined ? '' : `; ${sign[1]}`;
}

const CONSTANTS: Readonly<Record<string, string>> = {
  invalid_timestamp: '; write it in full with its zone, as timestamp("2026-12-24T18:00:00Z")',
  invalid_duration: '; write it as duration("1h30m")',
};

/** The same of a part that reads nothing of the call, by the code of its failure. */
export const aboutConstant = (code: string): string => CONSTANTS[code] ?? '';

/** Of a time zone that nobody knows: what may have been meant. Undefined: it is known. */
export function zoneMistake(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const near = nearest(zone, Intl.supportedValuesOf('timeZone'));
    return `there is no time zone ${zone}${near === undefined ? ', write one as Europe/Berlin' : `; did you mean ${near}?`}`;
  }
}
