// What zod says of a value that does not fit, in the words of the rest: a schema that says it itself is left as it is.
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** With what zod's own words begin. */
const RAW = /^(?:Invalid|Too big|Too small|Unrecognized)\b/;
const MOST_OPTIONS = 12;

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'write a time in full with its zone, as 2026-12-24T18:00:00Z',
  email: 'write an e-mail address',
  url: 'write a URL',
};
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Of a value that may have several forms, what is said of the first one. */
export function plainIssue(issue: Issue): string {
  if (!RAW.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_union': {
      const first = issue.errors[0]?.[0];
      return first === undefined ? 'it does not fit' : plainIssue(first);
    }
    case 'too_big':
      return `at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'too_small':
      if (issue.origin === 'string' && Number(issue.minimum) === 1) return 'it is empty';
      return issue.inclusive === false && Number(issue.minimum) === 0
        ? 'more than 0'
        : `at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'it does not fit';
    case 'invalid_value':
      return issue.values.length > MOST_OPTIONS
        ? 'it does not fit'
        : `it must be ${eitherOf(issue.values.map(String))}`;
    case 'invalid_type':
      return issue.input === undefined && issue.message.endsWith('received undefined')
        ? 'it is missing'
        : `it must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'unrecognized_keys':
      return `there is no ${issue.keys.join(', ')} here`;
    default:
      return issue.message;
  }
}

/** `allow, deny or ask` */
const eitherOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'set' ? ' of them' : '';
}
