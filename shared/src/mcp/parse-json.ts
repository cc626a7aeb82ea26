// `JSON.parse` for texts of others. V8 13.6 (Node 24) reads a key with an escape as another key: once some text of the process had a key with a
// backslash in it, `"\u0074"` after the same keys is read as `\`. What is judged would then differ from the text that is forwarded.
// docs/decisions/escaped-keys.md
import { decodeString, skipSpace, skipString, skipValue } from './json-span.ts';

/** A number as it is read, and as it is written. */
export type ReadNumber = (value: number, source: string) => unknown;

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;
type Container = { isArray: true; values: unknown[] } | { isArray: false; values: [string, unknown][]; key: string };

/** The value of the JSON text. `readNumber` says what stands in the place of a number. Throws as `JSON.parse` does. */
export function parseJson(text: string, readNumber?: ReadNumber): unknown {
  const reviver: Reviver | undefined =
    readNumber &&
    ((_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? readNumber(value, source) : value);
  const value: unknown = JSON.parse(text, reviver as ((key: string, value: unknown) => unknown) | undefined);
  return hasEscapedKey(text) ? keyByKey(text, readNumber) : value;
}

/** `text` is valid JSON. Backslashes are in strings only; a string with one is a key if a colon follows it. */
function hasEscapedKey(text: string): boolean {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    // Reads on as if the string began before the backslash.
    at = skipString(text, at - 1);
    if (text.charAt(skipSpace(text, at)) === ':') return true;
  }
  return false;
}

/** The value of valid JSON, whose keys are decoded one by one. Without recursion: a text may be nested as deep as it is long. */
function keyByKey(text: string, readNumber: ReadNumber | undefined): unknown {
  const open: Container[] = [];
  let at = skipSpace(text, 0);
  for (;;) {
    const first = text.charAt(at);
    const isEmpty = (first === '{' || first === '[') && '}]'.includes(text.charAt(skipSpace(text, at + 1)));
    if ((first === '{' || first === '[') && !isEmpty) {
      at = skipSpace(text, at + 1);
      if (first === '[') open.push({ isArray: true, values: [] });
      else {
        const container: Container = { isArray: false, values: [], key: '' };
        open.push(container);
        at = readKey(text, at, container);
      }
      continue;
    }
    const end = isEmpty ? skipSpace(text, at + 1) + 1 : skipValue(text, at);
    const source = text.slice(at, end);
    let value: unknown = JSON.parse(source);
    if (typeof value === 'number' && readNumber !== undefined) value = readNumber(value, source);
    at = skipSpace(text, end);
    // The value is the last of as many containers as close after it.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) return value;
      if (container.isArray) container.values.push(value);
      else container.values.push([container.key, value]);
      const after = text.charAt(at);
      at = skipSpace(text, at + 1);
      if (after === ',') {
        if (!container.isArray) at = readKey(text, at, container);
        break;
      }
      open.pop();
      value = container.isArray ? container.values : Object.fromEntries(container.values);
    }
  }
}

/** Index of the value of the key at `at`. */
function readKey(text: string, at: number, container: Container & { isArray: false }): number {
  const end = skipString(text, at);
  container.key = decodeString(text, at, end);
  return skipSpace(text, skipSpace(text, end) + 1);
}
