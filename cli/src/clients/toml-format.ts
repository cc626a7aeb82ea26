// The entry format of TOML files: a whole table, appended, and found again by its name. TOML has no parser that keeps offsets, so each
// edit is a guess about lines that is handed out only if the parsed result proves it right.
import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { GateError } from 'mcpgate-shared/error';
import type { EntryFormat, Undo } from './entry-format.ts';
import { isCurrent, isSameKind } from './entry-match.ts';

type Entry = Readonly<Record<string, unknown>>;

/** For files in which the entry is the table `[path…]`, e.g. `['mcp_servers', 'mcpgate']`. */
export function createTomlFormat(path: readonly [string, string]): EntryFormat {
  const [container, name] = path;
  const key = (part: string): string => `\\s*(?:${part}|"${part}"|'${part}')\\s*`;
  const ownHeader = new RegExp(`^[ \\t]*\\[${key(container)}\\.${key(name)}(?:\\.[^\\]]*)?\\][ \\t]*(?:#.*)?$`);
  const anyHeader = /^[ \t]*\[/;

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
      throw refuse(file, `has ${container}.${name} in a form that cannot be edited safely; change that entry by hand`);
  };

  const withoutEntry = (root: Record<string, unknown>): unknown => {
    const tables = root[container];
    if (!isTable(tables)) return root;
    const { [name]: _entry, ...others } = tables;
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
    const next = lines.findIndex((line, index) => index > start && anyHeader.test(line));
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

  const cut = (text: string): string => {
    const kept: string[] = [];
    let isOwn = false;
    let pending: string[] = [];
    for (const line of splitLines(text)) {
      if (anyHeader.test(line)) {
        isOwn = ownHeader.test(line.trimEnd());
        if (!isOwn) kept.push(...pending);
        pending = [];
      }
      if (!isOwn) kept.push(line);
      // Blank lines and comments before the next table (or the end) are not ours.
      else if (/^\s*(?:#.*)?$/.test(line.trimEnd())) pending.push(line);
      else pending = [];
    }
    if (pending.some((line) => line.includes('#'))) kept.push(...pending);
    return kept.join('');
  };

  return {
    read,

    put(text, file, entry) {
      const existing = read(text, file);
      if (isCurrent(existing, entry)) return { text, undo: null };
      let edited: { text: string; undo: Undo | null };
      if (existing === undefined) edited = append(text, entry);
      else if (isTable(existing) && isSameKind(existing, entry))
        edited = { text: update(text, existing, entry), undo: null };
      else edited = { text: append(cut(text), entry).text, undo: null };
      assertOnlyEntryChanged(text, edited.text, file, (value) => isCurrent(value, entry));
      return edited;
    },

    remove(text, file, undo) {
      if (read(text, file) === undefined) return text;
      const addition = typeof undo?.['addition'] === 'string' ? undo['addition'] : '';
      const at = addition === '' ? -1 : text.lastIndexOf(addition);
      const removed = at === -1 ? cut(text) : text.slice(0, at) + text.slice(at + addition.length);
      assertOnlyEntryChanged(text, removed, file, (value) => value === undefined);
      return removed;
    },

    isRelaxed: () => false,
  };
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return Object.fromEntries(
      Object.entries(parse(text, { integersAsBigInt: 'asNeeded' })).map(([key, value]) => [key, toPlain(value)]),
    );
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw refuse(
      file,
      `is not valid TOML at line ${error.line}, column ${error.column}; correct it, then run this again`,
    );
  }
}

const refuse = (file: string, what: string): GateError =>
  new GateError('client_file', `${file} ${what} (nothing was changed)`);
const splitLines = (text: string): string[] => text.split(/(?<=\n)/);
const print = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(print).join(', ')}]` : JSON.stringify(value);

/** The parser's tables have no prototype, which deep comparison minds. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  return isTable(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)])) : value;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
