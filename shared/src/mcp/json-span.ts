// Finds the positions of members in a JSON text, so that messages can be changed as text instead of being parsed and printed: large integers, key
// order and spacing stay as they were sent. These functions do not validate: the text must have passed `JSON.parse` before.

export interface JsonMember {
  /** The key, decoded. */
  key: string;
  /** Index of the key's opening quote. */
  keyStart: number;
  /** `text.slice(start, end)` is the value. */
  start: number;
  end: number;
  /** The value's own members, if the value is an object and the `path` of `scanObject` leads into it. */
  inner: JsonObject | undefined;
}

export interface JsonObject {
  /** Index of `{`. */
  start: number;
  /** Index after `}`. */
  end: number;
  members: readonly JsonMember[];
  /** The first key that occurs twice, or undefined. JSON parsers disagree on which one counts. */
  duplicate: string | undefined;
}

export interface JsonItem {
  start: number;
  end: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
// `{` and `[`, `}` and `]` differ in this bit only.
const CASE_BIT = 32;

/**
 * Finds the members of the object that begins at `from` (white space before it is skipped), and along `path` also the members of `path[0]`, of
 * `path[1]` inside it, and so on. Reads the text once. Throws SyntaxError where there is no object or it does not end.
 */
export function scanObject(text: string, from = 0, path: readonly string[] = [], depth = 0): JsonObject {
  const start = skipSpace(text, from);
  if (text.charCodeAt(start) !== OPEN_BRACE) throw new SyntaxError(`no object at ${start}`);
  const wanted = path[depth];
  const members: JsonMember[] = [];
  let duplicate: string | undefined;
  // Few keys are compared one by one. Many go into a set; otherwise an object of a million keys would take minutes.
  let seen: Set<string> | undefined;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === CLOSE_BRACE) return { start, end: at + 1, members, duplicate };
  for (;;) {
    const keyStart = at;
    if (text.charCodeAt(at) !== QUOTE) throw new SyntaxError(`no key at ${at}`);
    at = skipString(text, at);
    const key = decodeString(text, keyStart, at);
    at = skipSpace(text, at);
    if (text.charCodeAt(at) !== COLON) throw new SyntaxError(`no colon at ${at}`);
    const valueStart = skipSpace(text, at + 1);
    let inner: JsonObject | undefined;
    if (key === wanted && text.charCodeAt(valueStart) === OPEN_BRACE) {
      inner = scanObject(text, valueStart, path, depth + 1);
      at = inner.end;
    } else {
      at = skipValue(text, valueStart);
    }
    if (members.length === 16) seen = new Set(members.map((member) => member.key));
    const again = seen === undefined ? findMember(members, key) !== undefined : seen.has(key);
    if (again) duplicate ??= key;
    seen?.add(key);
    members.push({ key, keyStart, start: valueStart, end: at, inner });
    at = skipSpace(text, at);
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE) return { start, end: at + 1, members, duplicate };
    if (code !== COMMA) throw new SyntaxError(`no comma at ${at}`);
    at = skipSpace(text, at + 1);
  }
}

/** The items of the array that begins at `from`. Throws SyntaxError where there is no array or it does not end. */
export function scanArray(text: string, from = 0): readonly JsonItem[] {
  let at = skipSpace(text, from);
  if (text.charCodeAt(at) !== OPEN_BRACKET) throw new SyntaxError(`no array at ${at}`);
  const items: JsonItem[] = [];
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return items;
  for (;;) {
    const end = skipValue(text, at);
    items.push({ start: at, end });
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACKET) return items;
    if (code !== COMMA) throw new SyntaxError(`no comma at ${at}`);
    at = skipSpace(text, at + 1);
  }
}

/** The last member with this key, which is the one that `JSON.parse` takes. */
export function findMember(members: readonly JsonMember[], key: string): JsonMember | undefined {
  for (let index = members.length - 1; index >= 0; index--) {
    const member = members[index];
    if (member !== undefined && member.key === key) return member;
  }
  return undefined;
}

/**
 * The same JSON without line breaks, for transports that send one message a line. Line breaks only occur between tokens, where they mean
 * nothing.
 */
export function onOneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]+/g, ' ') : text;
}

/** Index of the first character from `from` on that is no white space of JSON. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

/** Index after the value that begins at `from`. */
export function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === QUOTE) return skipString(text, from);
  if ((first | CASE_BIT) === OPEN_BRACE) return skipNested(text, from);
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code <= 32 || (code | CASE_BIT) === CLOSE_BRACE) break;
  }
  if (at === from) throw new SyntaxError(`no value at ${from}`);
  return at;
}

function skipNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at) - 1;
    } else {
      const folded = code | CASE_BIT;
      if (folded === OPEN_BRACE) depth++;
      else if (folded === CLOSE_BRACE && --depth === 0) return at + 1;
    }
  }
  throw new SyntaxError(`no end of the value at ${from}`);
}

/**
 * Index after the closing quote of the string that begins at `from`. Scans the first characters itself, then uses the engine's faster
 * `indexOf`.
 */
export function skipString(text: string, from: number): number {
  const near = Math.min(from + 24, text.length);
  for (let at = from + 1; at < near; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  let quote = from;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) throw new SyntaxError(`no end of the string at ${from}`);
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    // With an even number of backslashes before it, the quote is not escaped.
    if (((quote - before) & 1) === 1) return quote + 1;
  }
}

/** The string whose quotes are at `start` and before `end`. */
export function decodeString(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  const decoded: unknown = JSON.parse(text.slice(start, end));
  return typeof decoded === 'string' ? decoded : raw;
}
