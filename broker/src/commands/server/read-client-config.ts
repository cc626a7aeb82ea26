// Reads a client's configuration for `server import`: JSON with comments and trailing commas, TOML (Codex) or YAML (Goose, Continue), as
// editors write it, and finds the servers in it.
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import type { ParseError } from 'jsonc-parser';
import { LineCounter, parseDocument } from 'yaml';
import { readAtMost } from '../config/bounded-file.ts';
import type { CommandContext } from '../context.ts';

export interface ClientConfig {
  /** Entries by name. */
  servers: Record<string, unknown>;
  /** Inputs (`${input:NAME}`) that the AI client asks for as passwords. */
  inputs: string[];
  /** What is not imported of the file, for people; a line each. */
  notes: string[];
}

/** Some clients keep their history in the same file. */
const MOST_BYTES = 64 * 1024 * 1024;

type Parsed = Record<string, unknown>;

/** Reads the file, or stdin for `-`. Throws `usage`, naming file and line. */
export async function readClientConfig(
  context: Pick<CommandContext, 'stdin' | 'cwd'>,
  file: string,
): Promise<ClientConfig> {
  const bytes = await read(file === '-' ? context.stdin : resolve(context.cwd, file), file);
  const value = await parse(textOf(bytes), file);
  const notes = isRecord(value) ? projectNotes(value) : [];
  const servers = isRecord(value) ? entriesOf(value, notes) : undefined;
  if (!isRecord(value) || servers === undefined)
    throw new GateError(
      'usage',
      [
        `${file}: holds no {"mcpServers": {…}}, nor servers as VS Code, Zed, OpenCode, Codex or Goose write them; is it the configuration of an AI client?`,
        ...notes,
      ].join('\n'),
    );
  return { servers, inputs: passwordInputs(value), notes };
}

async function read(from: string | CommandContext['stdin'], shownAs: string): Promise<Buffer> {
  const bytes = await readAtMost(from, MOST_BYTES).catch((error: unknown) => {
    throw new GateError('usage', `${shownAs}: cannot be read: ${fileFault(error)}`, { cause: error });
  });
  if (bytes === undefined)
    throw new GateError(
      'usage',
      `${shownAs}: larger than ${MOST_BYTES} bytes; is it the configuration of an AI client?`,
    );
  return bytes;
}

/** The text of a file in UTF-8, or in UTF-16, which some programs of Windows write. */
function textOf(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isWide ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
}

async function parse(source: string, file: string): Promise<unknown> {
  const isToml = /\.toml$/i.test(file) || (file === '-' && /^\s*\[+mcp_servers\b/m.test(source));
  if (isToml) return await parseToml(source, file);
  const isYaml = /\.ya?ml$/i.test(file) || (file === '-' && !/^\s*[[{/]/.test(source));
  return isYaml ? parseYaml(source, file) : await parseJson(source, file);
}

async function parseJson(source: string, file: string): Promise<unknown> {
  const { getNodeValue, parseTree } = await import('jsonc-parser');
  const errors: ParseError[] = [];
  try {
    const root = parseTree(source, errors, { allowTrailingComma: true });
    const [first] = errors;
    // Through JSON once more, because the parser's objects have no prototype.
    if (root !== undefined && first === undefined) return JSON.parse(JSON.stringify(getNodeValue(root))) as unknown;
    throw invalid(file, 'JSON', source.slice(0, first?.offset ?? 0).split(/\r\n|\r|\n/).length);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(file, 'JSON', undefined); // nested deeper than the stack
    throw error;
  }
}

function parseYaml(source: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const first = document.errors[0];
  if (first !== undefined) throw invalid(file, 'YAML', lines.linePos(first.pos[0]).line);
  return document.toJS() as unknown;
}

async function parseToml(source: string, file: string): Promise<unknown> {
  const { parse: parseText, TomlError } = await import('smol-toml');
  try {
    return JSON.parse(JSON.stringify(parseText(source))) as unknown;
  } catch (error) {
    throw invalid(file, 'TOML', error instanceof TomlError ? error.line : undefined);
  }
}

/** An error that names the line alone: the parser's message may quote the file, and so a secret. */
const invalid = (file: string, format: string, line: number | undefined): GateError =>
  new GateError('usage', `${file}${line === undefined ? '' : `:${line}`}: is not valid ${format}`);

function isRecord(value: unknown): value is Parsed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys under which AI clients keep their servers: Claude and most others, VS Code, Zed, Codex, Goose. */
const KEYS = ['mcpServers', 'servers', 'context_servers', 'mcp_servers', 'extensions'];

/** The entries of servers by name; undefined where the file has none. Notes about names that stand there twice are added to `notes`. */
function entriesOf(value: Parsed, notes: string[]): Parsed | undefined {
  const inner = isRecord(value['mcp']) ? value['mcp'] : undefined;
  const found = [value, ...(inner === undefined ? [] : [inner])].flatMap((each) => [
    ...KEYS.map((key) => each[key]),
    ...Object.entries(each).flatMap(([key, own]) => (key.endsWith('.mcpServers') ? [own] : [])),
  ]);
  const lists = found.flatMap((each) =>
    isRecord(each) ? [Object.entries(each)] : Array.isArray(each) ? [named(each)] : [],
  );
  // OpenCode has the servers directly under its key, and a snippet pasted from a guide may have no key around them.
  const bare = [inner, value].find((each) => each !== undefined && Object.values(each).some(isEntry));
  if (lists.length === 0 && bare !== undefined)
    return Object.fromEntries(Object.entries(bare).filter(([, each]) => isEntry(each)));
  // Null means that there are no servers, as `{}` does.
  return lists.length === 0 && !found.includes(null) ? undefined : eachByName(lists.flat(), notes);
}

const isEntry = (value: unknown): boolean =>
  isRecord(value) && ['command', 'cmd', 'url', 'serverUrl', 'httpUrl', 'uri'].some((key) => Object.hasOwn(value, key));

/** The entries of a list in which each has its name as a member, as Continue writes them. */
function named(list: readonly unknown[]): [name: string, entry: unknown][] {
  return list.map((each, index) => [
    isRecord(each) && typeof each['name'] === 'string' ? each['name'] : `server-${index + 1}`,
    each,
  ]);
}

/** The entries by name. Two different entries of one name are two servers, of which the second gets another name. */
function eachByName(entries: readonly (readonly [name: string, entry: unknown])[], notes: string[]): Parsed {
  const servers = new Map<string, unknown>();
  for (const [name, entry] of entries) {
    const free = [name, ...entries.map((_, index) => `${name}-${index + 2}`)].find(
      (each) => !servers.has(each) || isDeepStrictEqual(servers.get(each), entry),
    );
    if (free === undefined) continue;
    if (free !== name && !servers.has(free)) notes.push(`${name} stands twice in the file: the other one is ${free}`);
    servers.set(free, entry);
  }
  return Object.fromEntries(servers);
}

function passwordInputs(value: Parsed): string[] {
  const inner = isRecord(value['mcp']) ? value['mcp'] : {};
  return [value['inputs'], inner['inputs']].flatMap((inputs) =>
    !Array.isArray(inputs)
      ? []
      : inputs.flatMap((input: unknown) =>
          isRecord(input) && input['password'] === true && typeof input['id'] === 'string' ? [input['id']] : [],
        ),
  );
}

/** Notes about servers of single projects, which `.claude.json` has beside those of the person, and which are not imported. */
function projectNotes(value: Parsed): string[] {
  if (!isRecord(value['projects'])) return [];
  return Object.entries(value['projects']).flatMap(([path, project]) => {
    const servers = isRecord(project) && isRecord(project['mcpServers']) ? Object.keys(project['mcpServers']) : [];
    return servers.length === 0
      ? []
      : [`the project ${path} has servers of its own, which are left out: ${servers.join(', ')}`];
  });
}
