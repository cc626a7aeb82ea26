// Places in a YAML text: where a path of it stands, as people and editors count lines and columns.
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { MistakePath } from '../../domain/mistake.ts';

/** Lines and columns are counted from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** What is wrong with a configuration, and where. */
export interface PlacedMistake extends Place {
  message: string;
}

export interface ReadText {
  value: unknown;
  mistakes: PlacedMistake[];
  /** Where the innermost part of the path that is there begins. `after`: so many characters into a text that stands on one line. */
  placeOf(path: MistakePath, after?: number): Place;
}

/** An alias stands for all that its anchor says; so many of them nobody means. */
const MOST_ALIASES = 100;

export function readText(file: string, text: string): ReadText {
  const counter = new LineCounter();
  // Whether a key stands twice is looked for below: the library compares each with each.
  const how = {
    lineCounter: counter,
    prettyErrors: false,
    strict: true,
    uniqueKeys: false,
    logLevel: 'error',
  } as const;
  const document = parseDocument(text, how);
  const at = (offset: number): Place => {
    const { line, col: column } = counter.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, column) };
  };
  const placeOf = (path: MistakePath, after?: number): Place => at(offsetOf(document, path, text, after));
  const mistakes = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    ...at(pos[0]),
    message: firstLine(message),
  }));
  mistakes.push(...unfitKeys(document).map(({ offset, message }) => ({ ...at(offset), message })));
  if (mistakes.length > 0) return { value: undefined, mistakes, placeOf };
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), mistakes, placeOf };
  } catch (error) {
    // An alias without its anchor, or too many of them.
    const message = error instanceof Error ? error.message : String(error);
    return { value: undefined, mistakes: [{ ...at(0), message }], placeOf };
  }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Keys that are no names, tables and lists as keys, and the one that no table of JavaScript keeps; names that stand twice; and what stands for itself. */
function unfitKeys(document: Document.Parsed): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_key, alias, path) {
      const holder = alias.resolve(document);
      if (holder !== undefined && path.includes(holder))
        found.push({ offset: startOf(alias) ?? 0, message: 'it stands for something that it is a part of' });
    },
    Map(_key, { items }) {
      const names = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (names.has(name)) found.push({ offset: startOf(key) ?? 0, message: 'this name stands twice' });
        names.add(name);
      }
    },
    Pair(_key, { key }) {
      const offset = startOf(key) ?? 0;
      if (isNode(key) && !isScalar(key)) found.push({ offset, message: 'a name is a text, and no table or list' });
      else if (isScalar(key) && key.value === '__proto__')
        found.push({ offset, message: '__proto__ can be no name of anything' });
    },
  });
  return found;
}

function offsetOf(document: Document.Parsed, path: MistakePath, text: string, after = 0): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, key] of path.entries()) {
    const isLast = index === path.length - 1;
    if (isMap(node)) {
      const pair = pairsOf(node).get(String(key));
      if (pair === undefined) return offset;
      const value = startOf(pair.value);
      // A text is marked itself; what stands below a name, at the name.
      offset = (isLast && isScalar(pair.value) && pair.value.value !== null ? value : startOf(pair.key)) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset + within(node, text, after);
}

const byName = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** By the names; looked up once for each table, because mistakes may be many. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = byName.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair>();
  for (const each of map.items)
    if (isScalar(each.key) && !pairs.has(String(each.key.value))) pairs.set(String(each.key.value), each);
  byName.set(map, pairs);
  return pairs;
}

/** How far from its beginning a character of a text stands; 0 where it is not written as it is read. */
function within(node: unknown, text: string, after: number): number {
  if (after === 0 || !isScalar(node) || typeof node.value !== 'string' || !node.range) return 0;
  const [start, end] = node.range;
  const quote = /["']/.test(text[start] ?? '') ? 1 : 0;
  return text.slice(start + quote, end - quote) === node.value ? quote + after : 0;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** How far into an expression its mistake is marked. */
export function caretOf(message: string): number | undefined {
  const [, before] = /\n {2}( *)\^$/.exec(message) ?? [];
  return before?.length;
}
