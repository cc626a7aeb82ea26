// The file of an archive: lines of JSON, compressed by gzip (RFC 1952). It is written under another name, and read back, before it counts.
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { fileFault } from 'mcpgate-shared/file-fault';
import { ArchiveFault } from './check-archive.ts';

/** Whether a broker gives its archives such names. */
export const isArchiveName = (name: string): boolean => /^audit-\d{6,}-\d{8}T\d{9}Z\.jsonl\.gz$/.test(name);

/** Of a file that is being written. */
export const partOf = (path: string): string => `${path}.part`;

/**
 * Writes the texts, and at the end what `seal` makes of their SHA-256 (hex); all of it is on disk then. Returns how many bytes the file has. Nobody but
 * the broker's user may read it. An error is one of the file system.
 */
export async function writeArchive(
  path: string,
  texts: AsyncIterable<string>,
  seal: (sha256: string) => string,
): Promise<number> {
  const file = await open(path, 'w', 0o600);
  try {
    const content = createHash('sha256');
    async function* all(): AsyncGenerator<Buffer> {
      for await (const text of texts) {
        const bytes = Buffer.from(text, 'utf8');
        content.update(bytes);
        yield bytes;
      }
      yield Buffer.from(seal(content.digest('hex')), 'utf8');
    }
    await pipeline(Readable.from(all()), createGzip(), async (zipped: AsyncIterable<Buffer>) => {
      for await (const bytes of zipped) await file.appendFile(bytes);
    });
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What was renamed in it outlives a power cut. */
export async function syncFolderOf(path: string): Promise<void> {
  const folder: FileHandle = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Throws ArchiveFault where it cannot be read, or is not compressed as it was. */
export async function* archiveLines(path: string): AsyncGenerator<string> {
  const raw = createReadStream(path);
  const unzipped = createGunzip().setEncoding('utf8');
  // What goes wrong with either is said where the lines are read.
  pipeline(raw, unzipped).catch(() => undefined);
  try {
    // Not by `readline`, which ends lines at U+2028 too, which texts may hold.
    let rest = '';
    for await (const chunk of unzipped as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } catch (error) {
    if (error instanceof ArchiveFault) throw error;
    throw new ArchiveFault(`it cannot be read: ${fileFault(error)}`);
  } finally {
    raw.destroy();
    unzipped.destroy();
  }
}
