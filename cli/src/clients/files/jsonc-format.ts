// The entry format of JSON and JSONC files. The result of every edit is checked: it parses, the entry reads back as intended, and everything else is
// the same, key for key, in the same order.
import { isDeepStrictEqual } from 'node:util';
import { type Node, visit } from 'jsonc-parser';
import { GateError } from 'mcpgate-shared/error';
import type { EntryFormat, Undo } from '../entry-format.ts';
import { isCurrent, isOurs } from '../entry-match.ts';
import { type JsoncDocument, type Member, member, members, objectMember, parseJsonc } from './jsonc-document.ts';
import { cutMember, holdsOnly, insertMember, replaceValue } from './jsonc-splice.ts';
import { detectStyle, printValue } from './jsonc-style.ts';

type Entry = Readonly<Record<string, unknown>>;

/** An object on the path to the entry, and its member for the next key of the path. */
interface Step {
  readonly object: Node;
  readonly found: Member | undefined;
}

/** `path`: the keys that lead to the entry, e.g. `['mcpServers', 'mcpgate']`, or a function that chooses them by the root object. */
export function createJsoncFormat(
  path: readonly string[] | ((root: Node | undefined) => readonly string[]),
): EntryFormat {
  const pathIn = ({ root }: JsoncDocument): readonly string[] => (typeof path === 'function' ? path(root) : path);

  return {
    read(text, file) {
      const document = parseJsonc(text, file);
      const found = entryIn(document, pathIn(document), file)?.found;
      return found === undefined ? undefined : (toPlain(found.value) ?? undefined);
    },

    put(text, file, entry) {
      const document = parseJsonc(text, file);
      const keys = pathIn(document);
      const current = entryIn(document, keys, file)?.found;
      const edited = current === undefined ? add(document, keys, file, entry) : update(document, keys, file, entry);
      verify(document, edited.text, keys, file, (value) => isCurrent(value, entry));
      return edited;
    },

    remove(text, file, undo) {
      const document = parseJsonc(text, file);
      const keys = pathIn(document);
      const own = typeof undo?.['replaced'] === 'string' ? undo['replaced'] : undefined;
      if (own !== undefined) return giveBack(document, keys, file, own);
      for (const keepSpace of [false, true]) {
        const removed = remove(document, keys, file, undo, keepSpace);
        try {
          verify(document, removed, keys, file, (value) => value === undefined);
          return removed;
        } catch (error) {
          if (keepSpace) throw error;
        }
      }
      throw new GateError('internal', 'unreachable');
    },

    isRelaxed(text) {
      if (text.trim() === '') return false; // an empty file, as new clients have it
      let isRelaxed = false;
      visit(text, { onComment: () => (isRelaxed = true), onError: () => (isRelaxed = true) });
      return isRelaxed;
    },
  };
}

/** The objects from the root along `keys`, each with its member for the next key, until one is missing or null. */
function locate(document: JsoncDocument, keys: readonly string[], file: string): Step[] {
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
function entryIn(document: JsoncDocument, keys: readonly string[], file: string): Step | undefined {
  return locate(document, keys, file)[keys.length - 1];
}

function add(
  document: JsoncDocument,
  keys: readonly string[],
  file: string,
  entry: Entry,
): { text: string; undo: Undo } {
  const style = detectStyle(document);
  const steps = locate(document, keys, file);
  const nest = (from: number): unknown =>
    keys.slice(from).reduceRight<unknown>((inner, key) => ({ [key]: inner }), entry);
  const deepest = steps.at(-1);
  const key = keys[steps.length - 1];
  if (deepest === undefined || key === undefined) {
    const text = printValue(nest(0), style, { indent: '', pad: '' }) + style.eol;
    return { text, undo: { depth: -1, hollow: document.text } };
  }
  const undo = { depth: steps.length - 1 };
  if (deepest.found !== undefined) {
    const text = replaceValue(document.text, deepest.object, deepest.found, nest(steps.length), style);
    return { text, undo: { ...undo, hollow: '', wasNull: 1 } };
  }
  const { text, hollow } = insertMember(document.text, deepest.object, key, nest(steps.length), style);
  return { text, undo: { ...undo, hollow: hollow ?? '' } };
}

function update(
  document: JsoncDocument,
  keys: readonly string[],
  file: string,
  entry: Entry,
): { text: string; undo: Undo | null } {
  let { text } = document;
  const style = detectStyle(document);
  const at = (): { object: Node; found: Member } => {
    const step = entryIn(parseJsonc(text, file), keys, file);
    if (step?.found === undefined)
      throw new GateError('internal', `lost the entry in ${file} while editing it; nothing was changed`);
    return { object: step.object, found: step.found };
  };
  const whole = at();
  const existing = toPlain(whole.found.value);
  if (!isOurs(existing, entry)) {
    const { offset, length } = whole.found.value;
    const undo = { replaced: text.slice(offset, offset + length) };
    return { text: replaceValue(text, whole.object, whole.found, entry, style), undo };
  }
  for (const [key, value] of Object.entries(entry)) {
    if (isDeepStrictEqual(existing[key], value)) continue;
    const object = at().found.value;
    const target = member({ text, root: undefined }, object, key, file);
    text =
      target === undefined
        ? insertMember(text, object, key, value, style).text
        : replaceValue(text, object, target, value, style);
  }
  return { text, undo: null };
}

/** The text with the person's own entry restored as it was written. */
function giveBack(document: JsoncDocument, keys: readonly string[], file: string, own: string): string {
  const { text } = document;
  const current = entryIn(document, keys, file)?.found?.value;
  if (current === undefined) return text;
  const given = text.slice(0, current.offset) + own + text.slice(current.offset + current.length);
  const { root } = parseJsonc(`{"own":${own}}`, file);
  const entry = root === undefined ? undefined : members(root)[0];
  const wanted = entry === undefined ? undefined : toPlain(entry.value);
  verify(document, given, keys, file, (value) => isDeepStrictEqual(value, wanted));
  return given;
}

function remove(
  document: JsoncDocument,
  keys: readonly string[],
  file: string,
  undo: Undo | null,
  keepSpace: boolean,
): string {
  const { text, root } = document;
  const steps = locate(document, keys, file);
  if (root === undefined || steps.length < keys.length || steps.at(-1)?.found === undefined) return text;
  const created = typeof undo?.['depth'] === 'number' ? undo['depth'] : keys.length - 1;
  const hollow = typeof undo?.['hollow'] === 'string' ? undo['hollow'] : '';
  let depth = keys.length - 1;
  for (; depth > created; depth -= 1) {
    const step = steps[depth];
    if (step?.found === undefined || !holdsOnly(text, step.object, step.found)) break;
  }
  if (depth < 0)
    return trimmedEquals(text, root)
      ? hollow
      : `${text.slice(0, root.offset)}{}${text.slice(root.offset + root.length)}`;
  const step = steps[depth];
  if (step?.found === undefined) return text;
  if (depth === created && undo?.['wasNull'] === 1) {
    const { offset, length } = step.found.value;
    return `${text.slice(0, offset)}null${text.slice(offset + length)}`;
  }
  return cutMember(text, step.object, step.found, depth === created ? hollow : '', keepSpace);
}

/** Whether the text contains only white space besides its root object. */
function trimmedEquals(text: string, root: Node): boolean {
  return text.slice(0, root.offset).trim() === '' && text.slice(root.offset + root.length).trim() === '';
}

function verify(
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
    const todo = 'add the entry by hand and please report this file’s shape';
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

function toPlain(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(toPlain);
  if (node.type === 'object') return Object.fromEntries(members(node).map((each) => [each.key, toPlain(each.value)]));
  return node.value;
}
