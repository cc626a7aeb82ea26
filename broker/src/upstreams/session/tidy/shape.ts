// Shapes: descriptions of what a JSON value must be like so that the official SDKs take it, and how it is repaired where it is not. A shape is a
// function from a value's JSON text to the repaired text. What needs no repair stays to the letter; only changed parts are written anew.
import { scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';

/** What is wrong with a part of a value. */
export interface Note {
  /** The path to the part: `inputSchema.properties`; empty: the value itself. */
  at: string;
  /** What is wrong, for people: `is null`. */
  what: string;
}

/**
 * Returns the repaired text, which is `text` where nothing is wrong; undefined where it cannot be repaired. Adds what it has repaired to
 * `notes`.
 */
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

/** The kind of a JSON text, by its first character, which must not be white space. */
export function kindOf(text: string): JsonKind {
  return KINDS.get(text.charAt(0)) ?? 'number';
}

/** What a JSON text is, in the words of a note: `is null`, `is "some text"`, `is a list`. */
export function isWhat(text: string): string {
  const kind = kindOf(text);
  if (kind === 'null' || kind === 'boolean') return `is ${text}`;
  if (kind === 'string') return text.length <= 60 ? `is ${text}` : 'is a text that cannot stand there';
  return kind === 'object' ? 'is an object' : `is a ${kind}`;
}

/** Whether the text is `[]`, which is how PHP writes an empty object. */
export function isEmptyList(text: string): boolean {
  return /^\[\s*\]$/.test(text);
}

/** The shape of any value of these kinds. */
export function ofKind(...kinds: readonly JsonKind[]): Shape {
  return (text) => (kinds.includes(kindOf(text)) ? text : undefined);
}

export const STRING: Shape = ofKind('string');
export const BOOLEAN: Shape = ofKind('boolean');
export const OBJECT: Shape = ofKind('object');
export const NUMBER: Shape = (text) => (kindOf(text) === 'number' && Number.isFinite(Number(text)) ? text : undefined);
/** The shape of any value but null. */
export const SOMETHING: Shape = (text) => (kindOf(text) === 'null' ? undefined : text);

export function oneOf(...values: readonly string[]): Shape {
  return (text) => (values.some((value) => text === JSON.stringify(value)) ? text : undefined);
}

/** The shape of a list; items that do not fit `item` are left out. */
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

/**
 * The shape of an object. Members that do not fit their shape are dropped, those without a shape stay. Of two members with one name the last
 * counts.
 */
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

/** The shape of an object whose values all have one shape. */
export function mapOf(value: Shape): Shape {
  return objectOf(() => value);
}

/** The given shape; a value that does not fit it is replaced by `instead`. */
export function orElse(shape: Shape, instead: string): Shape {
  return (text, notes) => {
    const good = shape(text, notes);
    if (good !== undefined) return good;
    notes.push({ at: '', what: isWhat(text) });
    return instead;
  };
}

/** Applies the shape to a part, and puts `key` before the paths in its notes. */
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
