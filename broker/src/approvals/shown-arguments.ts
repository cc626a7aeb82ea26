// The arguments of a call as its approvers see them, and as the log keeps them masked: what looks like a secret is masked, and what is long is cut.
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { parseJson } from 'mcpgate-shared/mcp/parse-json';
import { duplicateKey } from '../mcp/duplicate-key.ts';
import { isWrittenNumber, parsedAsWritten } from '../mcp/exact-numbers.ts';
import { MASK, maskedKey, maskedText } from './masked-text.ts';

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

/** Below a name with one of these words strings are secrets; a number is how many there are. */
const MANY = /tokens$/i;
/** An entry of a list may have its name as a member: `{"name": "DB_PASSWORD", "value": "…"}`. */
const NAME_MEMBER = /^(?:name|key|variable|header|field)$/i;
const VALUE_MEMBER = /^(?:value|values|val|data|content|text|default)$/i;
/** So much more of a text that is cut is looked at, as a secret may stand across the cut. */
const BEYOND = 1_000;

/** Whether all of it is a secret by the names above it; `strings`: only what is text. */
type Secret = boolean | 'strings';

/** `name`: under which it stands. */
function shown(value: unknown, name: string, depth: number, bounds: Bounds, above: Secret = false): unknown {
  const secret = above === true || senseOfName(name) === 'secret' || above;
  if (typeof value === 'string') return value !== '' && secret !== false ? MASK : shownText(value, depth, bounds);
  if (typeof value !== 'object' || value === null || isWrittenNumber(value)) return secret === true ? MASK : value;
  if (depth === bounds.depth) return '…';
  const below = secret === false && MANY.test(name) ? 'strings' : secret;
  if (Array.isArray(value)) {
    const items = value
      .slice(0, bounds.members)
      .map((each, index) => shown(each, '', depth + 1, bounds, below || isNamedBefore(value, index)));
    return value.length > bounds.members ? [...items, `… (${value.length})`] : items;
  }
  const entries = Object.entries(value);
  const kept = new Map<string, unknown>();
  const isEntry = entries.some(([key, each]) => NAME_MEMBER.test(key) && isSecretName(each));
  // Names that are cut may be the same then, and none of them may hide another one.
  for (const [key, each] of entries.slice(0, bounds.members)) {
    const name = cutOf(key, bounds, maskedKey);
    const inner = below || (isEntry && VALUE_MEMBER.test(key));
    kept.set(kept.has(name) ? `${name} #${kept.size}` : name, shown(each, key, depth + 1, bounds, inner));
  }
  if (entries.length > bounds.members) kept.set('…', `${entries.length} members`);
  return Object.fromEntries(kept);
}

const isSecretName = (value: unknown): boolean =>
  typeof value === 'string' && /^[\w.-]{1,200}$/.test(value) && senseOfName(value) === 'secret';

/** `["--password", "…"]`, as the arguments of a command, and `["Authorization", "…"]`, as a header. */
function isNamedBefore(items: readonly unknown[], index: number): boolean {
  const before = items[index - 1];
  if (typeof before !== 'string' || !isSecretName(before)) return false;
  const isFlag = before.startsWith('-') && !String(items[index]).startsWith('-');
  return isFlag || (items.length === 2 && index === 1);
}

function shownText(text: string, depth: number, bounds: Bounds): string {
  return cutOf(maskedJson(text, depth, bounds) ?? text, bounds, maskedText, text.length);
}

/** Of JSON that is written as a text: it, with its secrets masked; undefined where it is none, or has none. */
function maskedJson(text: string, depth: number, bounds: Bounds): string | undefined {
  if (text.length > KEPT.text || !/^\s*[{[]/.test(text) || depth >= bounds.depth) return undefined;
  try {
    const parsed = parseJson(text);
    // Of two members with one name only the last would be left.
    if (duplicateKey(text) !== undefined) return undefined;
    const value = parsedAsWritten(text, parsed) ?? parsed;
    const masked = JSON.stringify(shown(value, '', depth + 1, { ...KEPT, depth: bounds.depth }));
    return masked === JSON.stringify(value) ? undefined : masked;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `length`: how long it was said to be. */
function cutOf(text: string, { text: most }: Bounds, mask: (text: string) => string, length = text.length): string {
  if (text.length <= most) return mask(text);
  const window = text.slice(0, most + BEYOND);
  const masked = mask(window);
  const kept = text.length > window.length ? masked.slice(0, Math.max(0, masked.length - BEYOND)) : masked;
  return `${kept.slice(0, most)}… (${length} characters)`;
}
