// Reads a configuration from a file, or from all YAML files of a folder together; whatever is wrong is told with its place.
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type Configuration,
  ConfigurationSchema,
  SECTIONS,
  type WrittenConfiguration,
} from 'mcpgate-shared/api/config/configuration';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import type { z } from 'zod';
import type { MistakePath } from '../../domain/mistake.ts';
import type { CommandContext } from '../context.ts';
import { readAtMost } from './bounded-file.ts';
import { unknownKey } from './key-hints.ts';
import { type Place, type PlacedMistake, readText, type ReadText } from './text-places.ts';

/** What the broker takes in one request, with room for what a request says besides. */
const MOST_BYTES = 1_000_000;
const MOST_FILES = 100;
/** In the place of a path. */
export const STDIN = '-';
const SINGLE = ['version', 'name', 'enforcement'] as const;

export interface ReadConfiguration {
  /** The name of the file or folder, without where it lies: what it manages says so. */
  source: string;
  written: WrittenConfiguration;
  configuration: Configuration;
  /** Each file with the SHA-256 of what stands in it. */
  files: string[];
  placeOf(path: MistakePath, after?: number): Place;
}

/** `rest`: what is left without the things that have a mistake, where it can be looked at for more of them. */
export type Read = { mistakes: PlacedMistake[]; rest: ReadConfiguration | undefined } | { read: ReadConfiguration };

interface Part {
  text: ReadText;
  written: Record<string, unknown>;
}

/** Throws `usage` where the file cannot be read. */
export async function readConfiguration(
  { cwd, stdin }: Pick<CommandContext, 'cwd' | 'stdin'>,
  path: string,
): Promise<Read> {
  const { source, texts } = path === STDIN ? await textOf(stdin) : await textsOf(resolve(cwd, path), path);
  const parts = texts.map(({ file, text }): Part => {
    const read = readText(file, text);
    const written = typeof read.value === 'object' && read.value !== null ? Object.entries(read.value) : [];
    // Such a file is left by a command that failed before it wrote; to apply it would remove all that it has managed.
    if (read.mistakes.length === 0 && read.value === null)
      read.mistakes.push({
        ...read.placeOf([]),
        message: 'nothing stands here; write `version: 1` where that is meant',
      });
    if (read.mistakes.length === 0 && (typeof read.value !== 'object' || Array.isArray(read.value)))
      read.mistakes.push({ ...read.placeOf([]), message: 'write a table, as servers: and rules: with names below' });
    return { text: read, written: Object.fromEntries(written) };
  });
  const mistakes = parts.flatMap(({ text, written }) =>
    text.mistakes.length > 0 ? text.mistakes : mistakesIn(written, text),
  );
  const merged = merge(parts);
  mistakes.push(...merged.mistakes);
  if (Buffer.byteLength(JSON.stringify(merged.written)) > MOST_BYTES)
    throw new GateError('usage', `${path} says more than ${MOST_BYTES} bytes of JSON, aliases included; divide it`);
  const files = texts.map(({ file, text }) => `${file} sha256:${createHash('sha256').update(text).digest('hex')}`);
  const readAs = (configuration: Configuration): ReadConfiguration => ({
    ...{ source, configuration, files },
    written: merged.written,
    placeOf(at, after) {
      const holder = parts.findLast(({ written }) => holds(written, at)) ?? parts[0];
      return holder?.text.placeOf(at, after) ?? { file: path, line: 1, column: 1 };
    },
  });
  if (mistakes.length === 0) return { read: readAs(ConfigurationSchema.parse(merged.written)) };
  // Where a text cannot be read at all, nobody knows which names stand in it.
  const isWhole = parts.every(({ text }) => text.mistakes.length === 0);
  const rest = isWhole ? ConfigurationSchema.safeParse(withoutMistaken(merged.written)).data : undefined;
  return { mistakes, rest: rest && readAs(rest) };
}

/** What is left where each thing that does not fit is taken out, so that the others can be looked at. */
function withoutMistaken(written: WrittenConfiguration): object {
  const bad = new Set(
    (ConfigurationSchema.safeParse(written).error?.issues ?? []).flatMap((issue) => {
      const within = issue.path.slice(0, 2).map(String);
      const strange = issue.code === 'unrecognized_keys' && within.length === 0;
      return strange ? issue.keys.map((key) => JSON.stringify([key])) : [JSON.stringify(within)];
    }),
  );
  const isBad = (...path: string[]): boolean => bad.has(JSON.stringify(path));
  const isTable = (value: unknown): value is object => typeof value === 'object' && value !== null;
  return Object.fromEntries(
    Object.entries(written)
      .filter(([section]) => !isBad(section))
      .map(([section, value]) => [
        section,
        isTable(value)
          ? Object.fromEntries(Object.entries(value).filter(([name]) => !isBad(section, name)))
          : (value as unknown),
      ]),
  );
}

/** As compilers say it, so that editors and CI find the place. */
export const mistakeLine = ({ file, line, column, message }: PlacedMistake): string =>
  `${file}:${line}:${column}: ${message.replaceAll('\n', '\n  ')}`;

/** What is read of stdin manages under the name that it gives itself. */
async function textOf(stdin: AsyncIterable<Buffer | string>): Promise<Texts> {
  const content = await readAtMost(stdin, MOST_BYTES);
  if (content === undefined) throw new GateError('usage', `stdin is larger than ${MOST_BYTES} bytes; divide it`);
  return { source: 'stdin', texts: [{ file: 'stdin', text: decoded(content, 'stdin') }] };
}

function decoded(content: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    throw new GateError('usage', `${file} is no text in UTF-8`, { cause: error });
  }
}

interface Texts {
  source: string;
  texts: { file: string; text: string }[];
}

async function textsOf(path: string, said: string): Promise<Texts> {
  const cannot = (error: unknown): never => {
    throw new GateError('usage', `${said} cannot be read: ${fileFault(error)}`);
  };
  const isFolder = (await stat(path).catch(cannot)).isDirectory();
  const names = isFolder ? (await readdir(path).catch(cannot)).filter((name) => /\.ya?ml$/i.test(name)).toSorted() : [];
  if (isFolder && names.length === 0) throw new GateError('usage', `there is no .yaml or .yml file in ${said}`);
  if (names.length > MOST_FILES)
    throw new GateError('usage', `${said} has more than ${MOST_FILES} files; make folders of it`);
  const files = isFolder
    ? names.map((name) => ({ file: join(said, name), at: join(path, name) }))
    : [{ file: said, at: path }];
  const texts: { file: string; text: string }[] = [];
  let left = MOST_BYTES;
  for (const { file, at } of files) {
    // A pipe may be named by itself; what lies in a folder may be of anybody, and wait for ever.
    if (isFolder && !(await stat(at).catch(cannot)).isFile()) throw new GateError('usage', `${file} is no file`);
    const content = await readAtMost(at, left).catch(cannot);
    if (content === undefined) throw new GateError('usage', `${said} is larger than ${MOST_BYTES} bytes; divide it`);
    left -= content.length;
    texts.push({ file, text: decoded(content, file) });
  }
  return { source: basename(path), texts };
}

function mistakesIn(written: unknown, text: ReadText): PlacedMistake[] {
  const checked = ConfigurationSchema.safeParse(written);
  return (checked.error?.issues ?? []).flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ ...text.placeOf([...path, key]), message: unknownKey(path, key) }));
    return [{ ...text.placeOf(path), message: `${path.join('.') || 'the configuration'}: ${wordsOf(issue)}` }];
  });
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return plainIssue(issue);
}

/** A thing that is said twice is said wrongly, wherever it stands. */
function merge(parts: readonly Part[]): { written: WrittenConfiguration; mistakes: PlacedMistake[] } {
  const written: Record<string, Record<string, unknown>> = {};
  const single: Record<string, unknown> = {};
  const mistakes: PlacedMistake[] = [];
  const first = new Map<string, Place>();
  const say = (path: [string, ...string[]], text: ReadText, isSame = false): boolean => {
    const key = JSON.stringify(path);
    const place = text.placeOf(path);
    const before = first.get(key);
    if (before === undefined) return first.set(key, place).size > 0;
    if (!isSame)
      mistakes.push({
        ...place,
        message: `${path.join('.')} stands in ${before.file}:${before.line}:${before.column} too; leave one of them out`,
      });
    return false;
  };
  for (const { text, written: said } of parts) {
    for (const key of SINGLE)
      if (said[key] !== undefined && say([key], text, key !== 'enforcement' && single[key] === said[key]))
        single[key] = said[key];
    for (const section of SECTIONS) {
      const named: unknown = said[section];
      if (typeof named !== 'object' || named === null) continue;
      const all = (written[section] ??= {});
      for (const [name, value] of Object.entries(named)) if (say([section, name], text)) all[name] = value;
    }
  }
  return { written: { ...written, ...single }, mistakes };
}

function holds(written: unknown, path: MistakePath): boolean {
  let value = written;
  // A section stands in several files; the name below it tells which one is meant.
  for (const key of path.slice(0, 2)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = Reflect.get(value, key);
  }
  return true;
}
