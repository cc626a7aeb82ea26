// How far an export into a file has come, in a file beside it, so that one that was broken off goes on.
import { constants } from 'node:fs';
import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { exportsApi } from 'mcpgate-shared/api/audit/exports';
import { fileErrorCode, fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AdminClient } from '../../session/admin-client.ts';

const FORMS = ['rows', 'records', 'csv', 'parquet'] as const;
export type Form = (typeof FORMS)[number];

const StateSchema = z.object({
  v: z.literal(1),
  form: z.enum(FORMS),
  query: z.record(z.string(), z.string().optional()),
  as_of: z.string(),
  /** So much of the file is on disk for sure, and ends with a whole line. */
  bytes: z.int(),
  lines: z.int(),
  /** Of a folder: so many files are whole. */
  parts: z.int(),
  /** Of the last line; none: there is none. */
  place: z.string().optional(),
  /** Whose rows stand at the beginning of the file; `isDone`: all of them do. */
  archives: z.object({ folder: z.string(), names: z.array(z.string()), isDone: z.boolean() }).optional(),
});
export type ExportState = z.output<typeof StateSchema>;

const { O_CREAT, O_NOFOLLOW, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** Whoever may write into the folder must not lead what root exports into another file. */
const NEW = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;

export const partFile = (file: string): string => `${file}.part`;
export const stateFile = (file: string): string => `${file}.part.json`;

export async function readState(file: string, named: string): Promise<ExportState> {
  let text: string;
  try {
    text = await readFile(stateFile(file), 'utf8');
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT')
      throw new GateError('usage', `no export into ${named} was broken off: begin one with --output ${named}`);
    throw new GateError('usage', `${named}.part.json cannot be read: ${fileFault(error)}`, { cause: error });
  }
  try {
    return StateSchema.parse(JSON.parse(text));
  } catch (error) {
    const said = `${named}.part.json is not what an export writes: begin anew with --output ${named} --force`;
    throw new GateError('usage', said, { cause: error });
  }
}

export async function writeState(file: string, state: ExportState): Promise<void> {
  const fresh = `${stateFile(file)}.new`;
  await writeFile(fresh, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true, flag: NEW });
  await rename(fresh, stateFile(file));
}

export const removeState = async (file: string): Promise<void> => await rm(stateFile(file), { force: true });

/** The file beside `file` that is written, anew or to go on. Throws what the file system says: `ELOOP` where it is a link. */
export const openPart = async (file: string, how: 'anew' | 'on'): Promise<FileHandle> =>
  await open(partFile(file), how === 'anew' ? NEW : O_RDWR | O_NOFOLLOW, 0o600);

/** So that a name that was given in it is there after the power has failed, too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const ENDPOINTS = {
  rows: exportsApi.rows,
  records: exportsApi.records,
  csv: exportsApi.csv,
  parquet: exportsApi.parquet,
} as const;

/** The bytes from the state's place on. */
export async function ask(
  api: AdminClient,
  { form, query, as_of, place }: Pick<ExportState, 'form' | 'query' | 'place'> & { as_of: string | undefined },
  limit?: number,
): Promise<AsyncIterable<Buffer>> {
  // The broker checks what is asked for.
  const asked = { ...query, as_of, after: place, limit } as Record<string, string | undefined>;
  return await api.bytes(ENDPOINTS[form], { query: asked });
}

/** Whether the broker, or the way to it, broke off: it may be back in a moment. */
export const mayComeBack = (error: unknown): boolean =>
  error instanceof GateError && ['unreachable', 'unavailable'].includes(error.code);

/** Whether the broker is there, and says that it cannot do it now. */
export const isRefusal = (error: unknown): boolean => error instanceof GateError && error.code === 'unavailable';

/** The place of a whole line; undefined for the head of a table. */
export function placeOf(form: Form, line: string): string | undefined {
  if (form === 'csv') {
    const [, quoted, plain = '', seq] = /^(?:"((?:[^"]|"")*)"|([^",]*)),(\d+),/.exec(line) ?? [];
    return seq === undefined ? undefined : `${quoted?.replaceAll('""', '"') ?? plain}#${seq}`;
  }
  const { chain, seq } = LineSchema.parse(JSON.parse(line));
  return `${chain}#${seq}`;
}
const LineSchema = z.object({ chain: z.string(), seq: z.int() });
