// Where an entry stands in a JSONC tree, and what is the same before and after it was edited: everything besides the entry itself, key for key,
// in the same order.
import { isDeepStrictEqual } from 'node:util';
import type { Node } from 'jsonc-parser';
import { GateError } from 'mcpgate-shared/error';
import { type JsoncDocument, type Member, member, members, objectMember, parseJsonc } from './jsonc-document.ts';

/** An object on the path to the entry, and its member for the next key of the path. */
export interface Step {
  readonly object: Node;
  readonly found: Member | undefined;
}

/** The objects from the root along `keys`, each with its member for the next key, until one is missing or null. */
export function locate(document: JsoncDocument, keys: readonly string[], file: string): Step[] {
  const steps: Step[] = [];
  let object = document.root;
  for (const [depth, key] of keys.entries()) {
    if (object === undefined) break;
    const isContainer = depth < keys.length - 1;
    const found = isContainer ? objectMember(document, object, key, file) : member(document, object, key, file);
    steps.push({ object, found });
    object = found?.value.type === 'object' ? found.value : undefined;
  }
  return steps;
}

/** The place of the entry, whether it exists or not; undefined where a container is missing or null. */
export function entryIn(document: JsoncDocument, keys: readonly string[], file: string): Step | undefined {
  return locate(document, keys, file)[keys.length - 1];
}

/** Refuses an edit that changed anything else, or did not make of the entry what was meant. */
export function verify(
  before: JsoncDocument,
  text: string,
  keys: readonly string[],
  file: string,
  isMeant: (entry: unknown) => boolean,
): void {
  const after = parseJsonc(text, file);
  const entry = entryIn(after, keys, file)?.found;
  const isSame = isDeepStrictEqual(outline(before.root, keys), outline(after.root, keys));
  if (!isSame || !isMeant(entry === undefined ? undefined : toPlain(entry.value))) {
    const todo = 'change the entry by hand and please report this file’s shape';
    throw new GateError(
      'client_file',
      `${file} could not be edited without touching something else; nothing was changed: ${todo}`,
    );
  }
}

/**
 * Everything in a tree except the entry at `keys` and containers that are empty without it, in order, to compare texts before and after an
 * edit.
 */
function outline(node: Node | undefined, keys: readonly string[]): unknown {
  if (node === undefined) return [];
  if (node.type === 'null' && keys.length > 0) return [];
  if (node.type === 'array') return { items: (node.children ?? []).map((item) => outline(item, [])) };
  if (node.type !== 'object') return { value: node.value };
  const [next, ...rest] = keys;
  return members(node).flatMap((each) => {
    if (each.key !== next) return [[each.key, outline(each.value, [])]];
    if (rest.length === 0) return [];
    const inner = outline(each.value, rest);
    return Array.isArray(inner) && inner.length === 0 ? [] : [[each.key, inner]];
  });
}

export function toPlain(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(toPlain);
  if (node.type === 'object') return Object.fromEntries(members(node).map((each) => [each.key, toPlain(each.value)]));
  return node.value;
}
