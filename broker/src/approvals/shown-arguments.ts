// The arguments of a call as its approvers see them, and as the log keeps them masked: what looks like a secret is masked, and what is long is cut.
import { isWrittenNumber } from '../mcp/exact-numbers.ts';
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { isKnownToken } from 'mcpgate-shared/entries/token-formats';

const MASK = '***';
const MOST_CHARS = 8_000;

/** What is longer or deeper is cut. */
interface Bounds {
  text: number;
  members: number;
  depth: number;
}
/** What a person reads. */
const READ: Bounds = { text: 400, members: 60, depth: 8 };
/** What the log keeps. */
const KEPT: Bounds = { text: 8_000, members: 1_000, depth: 32 };

/** JSON text, indented; null where there are none. */
export function shownArguments(args: unknown): string | null {
  if (args === undefined || args === null || (typeof args === 'object' && Object.keys(args).length === 0)) return null;
  const text = JSON.stringify(shown(args, '', 0, READ), null, 2).replace(UNSHOWN, escaped);
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}\n… (${text.length} characters)`;
}

/** The same for the log, as a value; whoever keeps it says how long its text may be. */
export const maskedArguments = (args: unknown): unknown => shown(args, '', 0, KEPT);

/** What is not seen, or turns the direction of what follows, except for line breaks. */
const UNSHOWN = /[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu;
const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** `name`: under which it stands. */
function shown(value: unknown, name: string, depth: number, bounds: Bounds): unknown {
  if (typeof value === 'string') return shownText(value, name, bounds);
  if (typeof value !== 'object' || value === null || isWrittenNumber(value))
    return senseOfName(name) === 'secret' ? MASK : value;
  if (depth === bounds.depth) return '…';
  if (Array.isArray(value)) {
    const items = value.slice(0, bounds.members).map((each) => shown(each, name, depth + 1, bounds));
    return value.length > bounds.members ? [...items, `… (${value.length})`] : items;
  }
  const entries = Object.entries(value);
  const kept = new Map<string, unknown>();
  // Names that are cut may be the same then, and none of them may hide another one.
  for (const [key, each] of entries.slice(0, bounds.members)) {
    const name = cut(key, bounds);
    kept.set(kept.has(name) ? `${name} #${kept.size}` : name, shown(each, key, depth + 1, bounds));
  }
  if (entries.length > bounds.members) kept.set('…', `${entries.length} members`);
  return Object.fromEntries(kept);
}

function shownText(text: string, name: string, bounds: Bounds): string {
  if (text === '') return text;
  if (senseOfName(name) === 'secret') return MASK;
  // A long text is searched word by word: a token may stand in the middle of it.
  return cut(text, bounds)
    .split(/([\s"'`=,;:()<>]+)/)
    .map((word) => (isKnownToken(word) ? MASK : word))
    .join('');
}

const cut = (text: string, { text: most }: Bounds): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
