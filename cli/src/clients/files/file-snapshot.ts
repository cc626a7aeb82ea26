// Reads a file, and replaces it only if it has not changed since: atomically, with its mode and owner, through symbolic links. Other programs write
// these files at any time, and no change of theirs may be lost.
import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  constants,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileErrorCode, fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { unusableFile } from './unusable-file.ts';

export interface FileSnapshot {
  /** The path that the caller gave. */
  readonly path: string;
  /** The path of the file itself, with symbolic links followed. */
  readonly target: string;
  /** The content; null: there is no such file. */
  readonly bytes: Buffer | null;
}

/** The mode of new files. */
const PRIVATE_MODE = 0o600;

export async function readSnapshot(path: string): Promise<FileSnapshot> {
  try {
    const target = await followLinks(path);
    return { path, target, bytes: await readIfThere(target) };
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/**
 * Replaces the file by `bytes`, or removes it where they are null, and makes missing folders. Returns false, and does nothing, where the file
 * has changed since `snapshot`. No library is used, because the comparison must be the last step before the rename.
 */
export async function replaceSnapshot(snapshot: FileSnapshot, bytes: Buffer | null): Promise<boolean> {
  const { target } = snapshot;
  try {
    if (bytes === null) {
      if (!(await isUnchanged(snapshot))) return false;
      await rm(target, { force: true });
      return true;
    }
    // A rename would replace a read-only file too, but the person made it read-only for a reason.
    await orMissing(access(target, constants.W_OK));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeNew(temporary, bytes, await orMissing(stat(target)));
      if (!(await isUnchanged(snapshot))) return false;
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    return true;
  } catch (error) {
    throw fileError(error, 'write', snapshot.path);
  }
}

/** Writes a file that must not exist yet, and flushes it to the disk. */
async function writeNew(
  path: string,
  bytes: Buffer,
  like: { mode: number; uid: number; gid: number } | null,
): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  if (like === null) return;
  if (process.getuid?.() === 0) await chown(path, like.uid, like.gid);
  await chmod(path, like.mode & 0o7777);
}

async function isUnchanged({ path, target, bytes }: FileSnapshot): Promise<boolean> {
  if ((await followLinks(path)) !== target) return false;
  const now = await readIfThere(target);
  return now === null || bytes === null ? now === bytes : digest(now) === digest(bytes);
}

export const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The file that a path leads to through symbolic links, even if the last link leads to a file that does not exist. */
async function followLinks(path: string): Promise<string> {
  for (let at = path, hops = 0; hops < 40; hops += 1) {
    const there = await orMissing(realpath(at));
    if (there !== null) return there;
    const link = await orMissing(lstat(at));
    if (link === null || !link.isSymbolicLink()) return at;
    at = resolve(dirname(at), await readlink(at));
  }
  throw unusableFile({ fault: `${path} is a symbolic link that leads in a circle`, todo: 'mend or remove it' });
}

const readIfThere = (path: string): Promise<Buffer | null> => orMissing(readFile(path));

/** The result, or null where there is no such file. */
export async function orMissing<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

const TODO: Readonly<Record<string, string>> = {
  EACCES: 'check its owner and permissions, and those of its folder',
  EPERM: 'check its owner and permissions, and those of its folder',
  EISDIR: 'move it away',
  ENOTDIR: 'move that file away',
  ENOSPC: 'make room',
  EBUSY: 'close that program',
};

export function fileError(error: unknown, verb: 'read' | 'write', path: string): GateError {
  if (error instanceof GateError) return error;
  const fault = `cannot ${verb} ${path}: ${fileFault(error)}`;
  return unusableFile({ fault, todo: TODO[fileErrorCode(error)] ?? 'mend that' }, error);
}
