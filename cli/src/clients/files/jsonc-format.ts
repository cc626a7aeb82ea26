// The entry format of JSON and JSONC files. The result of every edit is checked: it parses, the entry reads back as intended, and everything else is
// the same, key for key, in the same order.
import { isDeepStrictEqual } from 'node:util';
import { type Node, visit } from 'jsonc-parser';
import { GateError } from 'mcpgate-shared/error';
import type { EntryFormat, Undo } from '../entry-format.ts';
import { isCurrent, isOurs } from '../entry-match.ts';
import { type JsoncDocument, type Member, member, members, parseJsonc } from './jsonc-document.ts';
import { entryIn, locate, toPlain, verify } from './jsonc-path.ts';
import { cutMember, holdsOnly, insertMember, replaceValue } from './jsonc-splice.ts';
import { detectStyle, printValue } from './jsonc-style.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * `path`: the keys that lead to the entry, e.g. `['mcpServers', 'mcpgate']`, or a function that chooses them by the root object. `elsewhere`:
 * the paths of further objects in which the client keeps entries of servers.
 */
export function createJsoncFormat(
  path: readonly string[] | ((root: Node | undefined) => readonly string[]),
  elsewhere: (root: Node) => readonly (readonly string[])[] = () => [],
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
      return verifiedCut(document, keys, file, (keepSpace) => remove(document, keys, file, undo, keepSpace));
    },

    entries(text, file) {
      const document = parseJsonc(text, file);
      const { root } = document;
      if (root === undefined) return [];
      const containers = [pathIn(document).slice(0, -1), ...elsewhere(root)];
      return containers.flatMap((keys) => {
        const container = keys.reduce<Node | undefined>((node, key) => node && memberOf(node, key), root);
        const all = container?.type === 'object' ? members(container) : [];
        return all.map(({ key, value }) => ({ path: [...keys, key], value: toPlain(value) }));
      });
    },

    without(text, file, keys) {
      const document = parseJsonc(text, file);
      const { object, found } = entryIn(document, keys, file) ?? {};
      if (object === undefined || found === undefined) return text;
      return verifiedCut(document, keys, file, (keepSpace) => cutMember(text, object, found, '', keepSpace));
    },

    isRelaxed(text) {
      if (text.trim() === '') return false; // an empty file, as new clients have it
      let isRelaxed = false;
      visit(text, { onComment: () => (isRelaxed = true), onError: () => (isRelaxed = true) });
      return isRelaxed;
    },
  };
}

/** The text that `cut` leaves. Where something besides the entry would change with the space before it, that space stays. */
function verifiedCut(
  document: JsoncDocument,
  keys: readonly string[],
  file: string,
  cut: (keepSpace: boolean) => string,
): string {
  const assertOnlyEntryGone = (left: string): void =>
    verify(document, left, keys, file, (value) => value === undefined);
  const closed = cut(false);
  try {
    assertOnlyEntryGone(closed);
    return closed;
  } catch {
    const spaced = cut(true);
    assertOnlyEntryGone(spaced);
    return spaced;
  }
}

/** The value of a member; undefined where there is none. */
function memberOf(object: Node, key: string): Node | undefined {
  return object.type === 'object' ? members(object).find((each) => each.key === key)?.value : undefined;
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
