// The entry format of TOML files: the entry is a whole table, which is appended and found again by its name. There is no TOML parser that keeps
// offsets, so each edit works on lines, and its result is only used if parsing it shows that it is right.
import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { GateError } from 'mcpgate-shared/error';
import type { EntryFormat, Undo } from '../entry-format.ts';
import { isCurrent, isOurs } from '../entry-match.ts';
import { unusableFile } from './unusable-file.ts';

type Entry = Readonly<Record<string, unknown>>;

/** `path`: the name of the entry's table, e.g. `['mcp_servers', 'mcpgate']`. */
export function createTomlFormat(path: readonly [string, string]): EntryFormat {
  const [container, name] = path;
  const ownHeader = headerOf(container, name);

  const read = (text: string, file: string): unknown => {
    const tables = parseToml(text, file)[container];
    if (tables === undefined) return undefined;
    if (!isTable(tables)) throw refuse(file, `has something else than a table as ${container}`);
    return tables[name];
  };

  const assertOnlyEntryChanged = (
    before: string,
    after: string,
    file: string,
    isMeant: (entry: unknown) => boolean,
  ): void => {
    let isRight = false;
    try {
      const isSame = isDeepStrictEqual(withoutEntry(parseToml(before, file)), withoutEntry(parseToml(after, file)));
      isRight = isSame && isMeant(read(after, file));
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
    }
    if (!isRight)
      throw refuse(
        file,
        `has ${container}.${name} in a form that cannot be edited safely`,
        'change that entry by hand',
      );
  };

  const withoutEntry = (root: Record<string, unknown>, entry = name): unknown => {
    const tables = root[container];
    if (!isTable(tables)) return root;
    const { [entry]: _entry, ...others } = tables;
    const { [container]: _container, ...rest } = root;
    return Object.keys(others).length === 0 ? rest : { ...rest, [container]: others };
  };

  const append = (text: string, entry: Entry): { text: string; undo: Undo } => {
    const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
    const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
    const lines = [
      `[${container}.${name}]`,
      ...Object.entries(entry).map(([each, value]) => `${each} = ${print(value)}`),
    ];
    const addition = gap + lines.map((line) => line + eol).join('');
    return { text: text + addition, undo: { addition } };
  };

  const update = (text: string, existing: Entry, entry: Entry): string => {
    const lines = splitLines(text);
    const start = lines.findIndex((line) => ownHeader.test(line.trimEnd()));
    const next = lines.findIndex((line, index) => index > start && ANY_HEADER.test(line));
    const end = next === -1 ? lines.length : next;
    let table = lines.slice(start, end).join('');
    const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
    for (const [each, value] of Object.entries(entry)) {
      if (isDeepStrictEqual(existing[each], value)) continue;
      const line = new RegExp(
        `^([ \\t]*${each}[ \\t]*=[ \\t]*)(?:\\[[^\\]]*\\]|"(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*')`,
        'm',
      );
      if (line.test(table)) table = table.replace(line, (_match, lead: string) => lead + print(value));
      else table = table.replace(/\r?\n|$/, (found) => `${found || eol}${each} = ${print(value)}${eol}`);
    }
    return [...lines.slice(0, start), table, ...lines.slice(end)].join('');
  };

  const cut = (text: string): string => cutTable(text, ownHeader);

  /** Replaces the person's own table by mcpgate's; `undo` keeps the person's table and its place. */
  const replace = (text: string, entry: Entry): { text: string; undo: Undo } => {
    const rest = cut(text);
    let start = 0;
    while (start < rest.length && rest[start] === text[start]) start += 1;
    let end = 0;
    while (end < rest.length - start && rest.at(-1 - end) === text.at(-1 - end)) end += 1;
    const { text: edited, undo } = append(rest, entry);
    const table = splitLines(text).filter(isLineOf(text, ownHeader)).join('');
    return { text: edited, undo: { ...undo, replaced: table, part: text.slice(start, text.length - end), at: start } };
  };

  const giveBack = (text: string, removed: string, file: string, { replaced, part, at }: Undo): string => {
    const table = String(replaced);
    const wanted = read(table, file);
    const inPlace = removed.slice(0, Number(at)) + String(part) + removed.slice(Number(at));
    // In its former place if the rest of the file has not changed, else at the end.
    const isAsBefore = isValid(inPlace) && cut(inPlace) === removed;
    const gap = removed === '' ? '' : removed.endsWith('\n') ? '\n' : '\n\n';
    const given = isAsBefore ? inPlace : removed + gap + table;
    assertOnlyEntryChanged(text, given, file, (value) => isDeepStrictEqual(value, wanted));
    return given;
  };

  return {
    read,

    put(text, file, entry) {
      const existing = read(text, file);
      if (isCurrent(existing, entry)) return { text, undo: null };
      let edited: { text: string; undo: Undo | null };
      if (existing === undefined) edited = append(text, entry);
      else if (isTable(existing) && isOurs(existing, entry))
        edited = { text: update(text, existing, entry), undo: null };
      else edited = replace(text, entry);
      assertOnlyEntryChanged(text, edited.text, file, (value) => isCurrent(value, entry));
      return edited;
    },

    remove(text, file, undo) {
      if (read(text, file) === undefined) return text;
      const addition = typeof undo?.['addition'] === 'string' ? undo['addition'] : '';
      const at = addition === '' ? -1 : text.lastIndexOf(addition);
      const removed = at === -1 ? cut(text) : text.slice(0, at) + text.slice(at + addition.length);
      if (typeof undo?.['replaced'] === 'string') return giveBack(text, removed, file, undo);
      assertOnlyEntryChanged(text, removed, file, (value) => value === undefined);
      return removed;
    },

    entries(text, file) {
      const tables = parseToml(text, file)[container];
      return isTable(tables) ? Object.entries(tables).map(([key, value]) => ({ path: [container, key], value })) : [];
    },

    without(text, file, keys) {
      const entry = keys.at(-1) ?? '';
      const left = cutTable(text, headerOf(container, entry));
      const rest = withoutEntry(parseToml(text, file), entry);
      const isRight = isValid(left) && isDeepStrictEqual(rest, withoutEntry(parseToml(left, file), entry));
      if (isRight && !(entry in Object(parseToml(left, file)[container]))) return left;
      throw refuse(file, `has ${container}.${entry} in a form that cannot be edited safely`, 'take it out by hand');
    },

    isRelaxed: () => false,
  };
}

/** Which lines are of the table with this header, and of the tables below it. */
function isLineOf(text: string, header: RegExp): (line: string, index: number) => boolean {
  const own = new Set<number>();
  let isOwn = false;
  let pending: number[] = [];
  for (const [index, line] of splitLines(text).entries()) {
    if (ANY_HEADER.test(line)) {
      isOwn = header.test(line.trimEnd());
      if (!isOwn) for (const each of pending) own.delete(each);
      pending = [];
    }
    if (!isOwn) continue;
    own.add(index);
    // Blank lines and comments before the next table (or the end) are not its.
    if (/^\s*(?:#.*)?$/.test(line.trimEnd())) pending.push(index);
    else pending = [];
  }
  const lines = splitLines(text);
  if (pending.some((index) => lines[index]?.includes('#'))) for (const each of pending) own.delete(each);
  return (_line, index) => own.has(index);
}

function cutTable(text: string, header: RegExp): string {
  const isOwn = isLineOf(text, header);
  return splitLines(text)
    .filter((line, index) => !isOwn(line, index))
    .join('');
}

const ANY_HEADER = /^[ \t]*\[/;

/** Of the table `[container.name]`, and of those below it. */
function headerOf(container: string, name: string): RegExp {
  const key = (part: string): string => {
    const plain = part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return `\\s*(?:${plain}|"${plain}"|'${plain}')\\s*`;
  };
  return new RegExp(`^[ \\t]*\\[${key(container)}\\.${key(name)}(?:\\.[^\\]]*)?\\][ \\t]*(?:#.*)?$`);
}

function isValid(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof TomlError) return false;
    throw error;
  }
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return Object.fromEntries(
      Object.entries(parse(text, { integersAsBigInt: 'asNeeded' })).map(([key, value]) => [key, toPlain(value)]),
    );
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw refuse(file, `is not valid TOML at line ${error.line}, column ${error.column}`);
  }
}

const refuse = (file: string, what: string, todo = 'correct it'): GateError =>
  unusableFile({ fault: `${file} ${what}`, todo });
const splitLines = (text: string): string[] => text.split(/(?<=\n)/);
const print = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(print).join(', ')}]` : JSON.stringify(value);

/** The same value in ordinary objects: the parser's tables have no prototype, which makes deep comparison fail. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  return isTable(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)])) : value;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
