// `backup FILE`: takes the bytes of a backup from the running broker into a file. Under its name there is a whole backup or none: it is written beside,
// checked against its own digest, synchronized, and only then given its name.
import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { archivesApi } from 'mcpgate-shared/api/audit/archives';
import { backupsApi } from 'mcpgate-shared/api/backups/backups';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import {
  BackupHeaderSchema,
  BackupTrailerSchema,
  HEADER_MAX_BYTES,
  TRAILER_BYTES,
  type BackupHeader,
  type BackupTrailer,
} from '../../store/backup/backup-format.ts';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { NAME_ANOTHER, notWritten } from '../terminal/not-written.ts';
import { withProgress } from '../terminal/progress.ts';

interface BackupOptions extends AdminOptions {
  force?: true;
}

export function backupCommand(context: CommandContext): Command {
  const command = new Command('backup')
    .description('write everything of the running broker into a file; the master key is never in it')
    .argument('<file>')
    .option('--force', 'put it in the place of a file that is there');
  return adminOptions(command).action(
    async (file: string, options: BackupOptions) =>
      await withSession(context, options, (session) => backup(session, file, options)),
  );
}

async function backup(session: AdminSession, named: string, options: BackupOptions): Promise<void> {
  const force = options.force === true;
  const { api, show, context } = session;
  const file = resolve(context.cwd, named);
  if (!force && existsSync(file)) throw existing(named);
  const part = `${file}.part-${context.pid}-${context.now()}`;
  const handle = await open(part, 'wx', 0o600).catch((error: unknown) => {
    throw new GateError('usage', `${named} cannot be written: ${fileFault(error)}`, { cause: error });
  });
  // Ctrl-C leaves nothing behind.
  const stop = context.onStopSignal((signal) => {
    void rm(part, { force: true }).finally(() => context.exit(signal === 'SIGINT' ? 130 : 143));
  });
  try {
    const written = await withProgress(context, 'Backing up', async (tell) => {
      const body = await api.bytes(backupsApi.make, {});
      try {
        return await take(body, handle, (bytes) => tell(`Backing up: ${formatByteSize(bytes)}`));
      } finally {
        await handle.close();
      }
    });
    await giveName(part, file, force).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? existing(named) : error;
    });
    const { header, trailer, bytes } = written;
    const kept = await api.call(backupsApi.kept, { body: { ...trailer, bytes } });
    const { tables, ...facts } = header;
    const archives = (await api.call(archivesApi.list, { query: {} })).map(({ name }) => name);
    const document = { file, bytes, sha256: trailer.sha256, kept_at: kept.at, ...facts, tables, archives };
    show(document, textOf(file, written) + archivesText(archives));
  } catch (error) {
    if (!(error instanceof GateError) && error instanceof Error && 'code' in error)
      throw notWritten(`${named} was not written`, error, NAME_ANOTHER);
    throw error;
  } finally {
    stop();
    await rm(part, { force: true });
  }
}

const existing = (named: string): GateError =>
  new GateError('conflict', `${named} is there already: name another file, or say --force`);

interface Written {
  header: BackupHeader;
  trailer: BackupTrailer;
  bytes: number;
}

/** Throws `protocol` where what came is no whole backup. */
async function take(
  body: AsyncIterable<unknown>,
  handle: FileHandle,
  onBytes: (bytes: number) => void,
): Promise<Written> {
  const digest = createHash('sha256');
  let [first, last] = [Buffer.alloc(0), Buffer.alloc(0)];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      const part = chunk as Buffer;
      if (first.length < HEADER_MAX_BYTES && !first.includes(0x0a)) first = Buffer.concat([first, part]);
      last = digestAllBut(TRAILER_BYTES, digest, Buffer.concat([last, part]));
      await handle.writev([part]);
      onBytes((bytes += part.length));
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error && error.syscall === 'write') throw error;
    throw new GateError('unavailable', 'the broker broke the backup off; its log says why, unless it was ended', {
      cause: error,
    });
  }
  const header = BackupHeaderSchema.safeParse(jsonOf(first.toString('utf8', 0, Math.max(first.indexOf(0x0a), 0))));
  const trailer = BackupTrailerSchema.safeParse(jsonOf(last.toString('utf8').trim()));
  if (!header.success || !trailer.success || digest.digest('hex') !== trailer.data.sha256)
    throw new GateError('protocol', 'what the broker sent is no whole backup; try again');
  await handle.sync();
  return { header: header.data, trailer: trailer.data, bytes };
}

/** Returns the bytes at the end, of which none is in the digest yet. */
function digestAllBut(count: number, digest: Hash, bytes: Buffer): Buffer<ArrayBuffer> {
  const end = Math.max(bytes.length - count, 0);
  digest.update(bytes.subarray(0, end));
  return Buffer.from(bytes.subarray(end));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function giveName(part: string, file: string, force: boolean): Promise<void> {
  if (force) await rename(part, file);
  else
    await link(part, file).catch(async (error: unknown) => {
      // A file system without links: somebody who makes the same name at this moment loses theirs.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EEXIST' || existsSync(file)) throw Object.assign(new Error('it exists'), { code: 'EEXIST' });
      await rename(part, file);
    });
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What a backup does not hold. */
function archivesText(archives: readonly string[]): string {
  if (archives.length === 0) return '';
  const which = archives.length === 1 ? archives[0] : `${archives.length} files, the last one ${archives.at(-1)}`;
  return `\nold rows of the log are in archives, which are not in it: keep these as well (${which})`;
}

function textOf(file: string, { header, trailer, bytes }: Written): string {
  const rows = Object.values(header.tables).reduce((sum, count) => sum + count, 0);
  return [
    `${plainLine(file)}: ${formatByteSize(bytes)}, ${rows} rows of ${header.workspaces} workspace${header.workspaces === 1 ? '' : 's'}`,
    `sha256 ${trailer.sha256}`,
    `to restore it you need the master key ${header.master_keys.join(' or ')} as well, which is not in it: keep that elsewhere`,
  ].join('\n');
}
