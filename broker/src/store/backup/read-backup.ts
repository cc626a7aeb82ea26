// Reads the file of a backup. First all of it for its digest, so that nothing of a truncated or altered file is ever taken; then its rows, and
// the digest once more.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import {
  BackupHeaderSchema,
  BackupTrailerSchema,
  FORMAT,
  FORMAT_VERSION,
  HEADER_MAX_BYTES,
  TableBeginSchema,
  TableEndSchema,
  TRAILER_BYTES,
  type BackupHeader,
  type BackupTrailer,
} from './backup-format.ts';

export interface CheckedBackup {
  file: string;
  header: BackupHeader;
  trailer: BackupTrailer;
  /** Where the compressed rows begin and end. */
  rows: { from: number; to: number };
  bytes: number;
}

/** What stands in the body, one after the other. */
export type BackupPart =
  | { kind: 'begin'; table: string; columns: string[]; kinds: string[] }
  | { kind: 'rows'; rows: unknown[][] }
  | { kind: 'end'; table: string; rows: number };

/** `onRead` is told how many bytes have been read. Throws `config` where the file is no whole backup of a form that this version knows. */
export async function checkBackup(file: string, onRead: (bytes: number, of: number) => void): Promise<CheckedBackup> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new GateError('config', `${file} cannot be read: ${fileFault(error)}`, { cause: error });
  });
  try {
    const { size, isFile } = await handle.stat().then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) throw new GateError('config', `${file} is no file`);
    const begins = Buffer.alloc(Math.min(size, HEADER_MAX_BYTES));
    await handle.read(begins, 0, begins.length, 0);
    const { header, end: from } = headerIn(file, begins);
    const to = size - TRAILER_BYTES;
    if (to < from) throw cutOff(file);
    const last = Buffer.alloc(TRAILER_BYTES);
    await handle.read(last, 0, TRAILER_BYTES, to);
    const trailer = BackupTrailerSchema.safeParse(jsonOf(last.toString('utf8').trim()));
    if (!trailer.success) throw cutOff(file);
    const digest = createHash('sha256');
    let read = 0;
    for await (const chunk of createReadStream(file, { end: to - 1, highWaterMark: 1 << 20 })) {
      digest.update(chunk as Buffer);
      onRead((read += (chunk as Buffer).length), size);
    }
    if (digest.digest('hex') !== trailer.data.sha256)
      throw new GateError('config', `${file} was altered: its digest is another than it says; nothing of it was taken`);
    return { file, header, trailer: trailer.data, rows: { from, to }, bytes: size };
  } finally {
    await handle.close();
  }
}

function headerIn(file: string, begins: Buffer): { header: BackupHeader; end: number } {
  const end = begins.indexOf('\n');
  const said = jsonOf(begins.toString('utf8', 0, Math.max(end, 0)));
  if (Object(said)['format'] !== FORMAT) throw new GateError('config', `${file} is no backup of an mcpgate-broker`);
  const version: unknown = Object(said)['format_version'];
  if (typeof version === 'number' && version > FORMAT_VERSION)
    throw new GateError('config', `${file} was written by a newer mcpgate-broker: restore it with that version`);
  const header = BackupHeaderSchema.safeParse(said);
  if (!header.success) throw new GateError('config', `${file} was altered: its first line is not as it is written`);
  return { header: header.data, end: end + 1 };
}

const cutOff = (file: string): GateError =>
  new GateError('config', `${file} ends too early: it is a part of a backup; nothing of it was taken`);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rows come some hundred at a time. */
const ROWS = 500;

/**
 * The rows are read with all that stands before them, and the digest is compared again behind the last one: of a file that was changed after it was
 * checked, or is another one by now, nothing may be kept, and this throws `config`.
 */
export async function* backupParts(backup: CheckedBackup): AsyncGenerator<BackupPart> {
  const digest = createHash('sha256');
  try {
    yield* partsOf(backup, digest);
  } catch (error) {
    // A wrong digest is not known yet where what was changed cannot be read.
    throw error instanceof Error && 'syscall' in error ? error : changed(backup.file, error);
  }
  if (digest.digest('hex') !== backup.trailer.sha256) throw changed(backup.file);
}

const changed = (file: string, cause?: unknown): GateError =>
  new GateError('config', `${file} was changed after it was checked; nothing of it was taken`, { cause });

async function* partsOf(backup: CheckedBackup, digest: Hash): AsyncGenerator<BackupPart> {
  let rows: unknown[][] = [];
  for await (const line of linesOf(backup, digest)) {
    const value: unknown = JSON.parse(line);
    if (Array.isArray(value)) {
      rows.push(value);
      if (rows.length < ROWS) continue;
    }
    if (rows.length > 0) yield { kind: 'rows', rows };
    rows = [];
    if (Array.isArray(value)) continue;
    const begin = TableBeginSchema.safeParse(value);
    if (begin.success) yield { kind: 'begin', ...begin.data };
    else {
      const { end, rows: count } = TableEndSchema.parse(value);
      yield { kind: 'end', table: end, rows: count };
    }
  }
}

async function* linesOf({ file, rows: { from, to } }: CheckedBackup, digest: Hash): AsyncGenerator<string> {
  const unpacked = createZstdDecompress();
  const packed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = from;
    for await (const chunk of chunks) {
      digest.update(chunk);
      const skipped = Math.min(left, chunk.length);
      left -= skipped;
      if (skipped < chunk.length) yield chunk.subarray(skipped);
    }
  };
  // An error of the file ends the stream with it, which the loop below throws.
  pipeline(createReadStream(file, { end: to - 1 }), packed, unpacked, () => undefined);
  unpacked.setEncoding('utf8');
  let rest: string[] = [];
  for await (const chunk of unpacked as AsyncIterable<string>) {
    const lines = chunk.split('\n');
    if (lines.length === 1) {
      rest.push(chunk);
      continue;
    }
    yield rest.join('') + (lines[0] ?? '');
    for (const line of lines.slice(1, -1)) yield line;
    rest = [lines.at(-1) ?? ''];
  }
}
