// The arguments of a call as its approvers see them: what looks like a secret is masked, and what is long is cut.
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { senseOfValue } from 'mcpgate-shared/entries/value-sense';

const MASK = '***';
const MOST_CHARS = 8_000;
const MOST_TEXT = 400;
const MOST_MEMBERS = 60;
const MOST_DEPTH = 8;

/** JSON text, indented; null where there are none. */
export function shownArguments(args: unknown): string | null {
  if (args === undefined || args === null || (typeof args === 'object' && Object.keys(args).length === 0)) return null;
  const text = JSON.stringify(shown(args, '', 0), null, 2).replace(UNSHOWN, escaped);
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}\n… (${text.length} characters)`;
}

/** What is not seen, or turns the direction of what follows, except for line breaks. */
const UNSHOWN = /[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu;
const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** `name`: under which it stands. */
function shown(value: unknown, name: string, depth: number): unknown {
  if (typeof value === 'string') return shownText(value, name);
  if (typeof value !== 'object' || value === null) return senseOfName(name) === 'secret' ? MASK : value;
  if (depth === MOST_DEPTH) return '…';
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_MEMBERS).map((each) => shown(each, name, depth + 1));
    return value.length > MOST_MEMBERS ? [...items, `… (${value.length})`] : items;
  }
  const entries = Object.entries(value);
  const kept = entries.slice(0, MOST_MEMBERS).map(([key, each]) => [cut(key), shown(each, key, depth + 1)] as const);
  return Object.fromEntries(
    entries.length > MOST_MEMBERS ? [...kept, ['…', `${entries.length} members`] as const] : kept,
  );
}

function shownText(text: string, name: string): string {
  if (text === '') return text;
  if (senseOfName(name) === 'secret') return MASK;
  // A long text is searched word by word: a token may stand in the middle of it.
  return cut(text)
    .split(/([\s"'`=,;:()<>]+)/)
    .map((word) => (senseOfValue(word) === 'token' ? MASK : word))
    .join('');
}

const cut = (text: string): string =>
  text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}… (${text.length} characters)`;
