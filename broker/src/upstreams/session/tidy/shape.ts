// What a JSON value must be like so that the official SDKs take it, and what becomes of it where it is not: shapes that read a value's text
// and give the text to go on with. What is good goes on to the letter; only what is changed is written anew.
import { scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';

/** What is wrong with a part of a value. */
export interface Note {
  /** The way to it, from the value down: `inputSchema.properties`; empty: the value itself. */
  at: string;
  /** For example `is null`. */
  what: string;
}

/** The text to go on with: the same where nothing is wrong. Undefined: it cannot be repaired; who holds it says so, or leaves it out. */
export type Shape = (text: string, notes: Note[]) => string | undefined;

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'list' | 'object';

const KINDS: ReadonlyMap<string, JsonKind> = new Map([
  ['"', 'string'],
  ['{', 'object'],
  ['[', 'list'],
  ['n', 'null'],
  ['t', 'boolean'],
  ['f', 'boolean'],
]);

/** By its first character; the text is JSON without white space before it. */
export function kindOf(text: string): JsonKind {
  return KINDS.get(text.charAt(0)) ?? 'number';
}

/** As a note says it: `is null`, `is "some text"`, `is a list`. */
export function isWhat(text: string): string {
  const kind = kindOf(text);
  if (kind === 'null' || kind === 'boolean') return `is ${text}`;
  if (kind === 'string') return text.length <= 60 ? `is ${text}` : 'is a text that cannot stand there';
  return kind === 'object' ? 'is an object' : `is a ${kind}`;
}

/** `[]` is how PHP writes an empty object. */
export function isEmptyList(text: string): boolean {
  return /^\[\s*\]$/.test(text);
}

/** Any value of these kinds. */
export function ofKind(...kinds: readonly JsonKind[]): Shape {
  return (text) => (kinds.includes(kindOf(text)) ? text : undefined);
}

export const STRING: Shape = ofKind('string');
export const BOOLEAN: Shape = ofKind('boolean');
export const OBJECT: Shape = ofKind('object');
export const NUMBER: Shape = (text) => (kindOf(text) === 'number' && Number.isFinite(Number(text)) ? text : undefined);
/** Anything but null. */
export const SOMETHING: Shape = (text) => (kindOf(text) === 'null' ? undefined : text);

export function oneOf(...values: readonly string[]): Shape {
  return (text) => (values.some((value) => text === JSON.stringify(value)) ? text : undefined);
}

/** Items that are not as they should be are left out. */
export function listOf(item: Shape): Shape {
  return (text, notes) => {
    if (kindOf(text) !== 'list') return undefined;
    const kept: string[] = [];
    let isChanged = false;
    for (const [index, { start, end }] of scanArray(text).entries()) {
      const own = text.slice(start, end);
      const good = under(`[${index}]`, item, own, notes);
      if (good !== own) isChanged = true;
      if (good === undefined) notes.push({ at: `[${index}]`, what: isWhat(own) });
      else kept.push(good);
    }
    return isChanged ? `[${kept.join(',')}]` : text;
  };
}

/** Members that are not as they should be are dropped; those without a shape stay. Of two with one name the last counts, as everywhere. */
export function objectOf(members: ReadonlyMap<string, Shape> | ((key: string) => Shape | undefined)): Shape {
  const shapeOf = typeof members === 'function' ? members : (key: string) => members.get(key);
  return (text, notes) => {
    if (kindOf(text) !== 'object') return undefined;
    const { members: found, duplicate } = scanObject(text);
    const lastOf = duplicate === undefined ? undefined : new Map(found.map(({ key }, index) => [key, index]));
    const kept: string[] = [];
    let isChanged = false;
    for (const [index, { key, keyStart, start, end }] of found.entries()) {
      if (lastOf !== undefined && lastOf.get(key) !== index) {
        isChanged = true;
        notes.push({ at: key, what: 'stands twice' });
        continue;
      }
      const shape = shapeOf(key);
      const own = text.slice(start, end);
      const good = shape === undefined ? own : under(key, shape, own, notes);
      if (good === undefined) notes.push({ at: key, what: isWhat(own) });
      if (good !== own) isChanged = true;
      if (good !== undefined) kept.push(text.slice(keyStart, start) + good);
    }
    return isChanged ? `{${kept.join(',')}}` : text;
  };
}

/** An object whose every value is of one shape. */
export function mapOf(value: Shape): Shape {
  return objectOf(() => value);
}

/** What is no good becomes this. */
export function orElse(shape: Shape, instead: string): Shape {
  return (text, notes) => {
    const good = shape(text, notes);
    if (good !== undefined) return good;
    notes.push({ at: '', what: isWhat(text) });
    return instead;
  };
}

/** The notes of a part begin with the way to it. */
function under(key: string, shape: Shape, text: string, notes: Note[]): string | undefined {
  const before = notes.length;
  const good = shape(text, notes);
  for (const note of notes.slice(before))
    note.at = note.at === '' || note.at.startsWith('[') ? key + note.at : `${key}.${note.at}`;
  return good;
}

/** The object with one more member, at its beginning. */
export function withMember(text: string, key: string, value: string): string {
  const rest = text.slice(1);
  return `{${JSON.stringify(key)}:${value}${/^\s*\}/.test(rest) ? '' : ','}${rest}`;
}
