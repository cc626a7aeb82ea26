// The homes of stdio servers, and the uids that they run as. A broker that is root gives each home a uid of its own; which home has which uid is
// read from the owner of its folder on disk. Servers are not trusted: none may read the broker's files or another server's home.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lchown, lstat, mkdir, open as openFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { isolationOf, type ServerRecord, type Sharing } from '../../domain/server-record.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { endLeftovers, uidsInUse } from './leftovers.ts';
import { FIRST_UID, isServerUid, LAST_UID } from './server-uids.ts';

export interface ProcessHome {
  /** Absolute; HOME, and the working directory unless the record names one. */
  directory: string;
  temporary: string;
  /** Undefined where the broker is not root, and the server runs as the broker's own user. */
  uid: number | undefined;
}

export interface ProcessHomes {
  /** Makes the home `DATA/upstreams/SERVER/HOME`. */
  prepare(server: string, homeName: string): Promise<ProcessHome>;
  /** Deletes the home, ends the processes that still run as its uid, and frees the uid. The home must not be in use. */
  removeHome(server: string, homeName: string): Promise<void>;
}

/** Homes that are deleted when their session or test ends. Those that a killed broker has left are deleted at the next start. */
const PASSING = /^(session|test)-/;

/** The server's folder below `DATA/upstreams`. */
export function folderOf({ folder, workspaceId }: Pick<ServerRecord, 'folder' | 'workspaceId'>): string {
  return workspaceId === DEFAULT_WORKSPACE ? folder : `${folder}@${workspaceId}`;
}

/**
 * The name of a home below its server's folder; it does not give away the person or the session. `name`: the name of the place (`placeOf`), null
 * where people share the connection.
 */
export function homeNameOf(server: Sharing, name: string | null): string {
  if (name === null) return 'shared';
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${isolationOf(server) === 'per-user' ? 'user' : 'session'}-${digest}`;
}

export function createProcessHomes(options: { dataDir: string; isRoot: boolean }): ProcessHomes {
  const dataDir = path.resolve(options.dataDir);
  const root = path.join(dataDir, 'upstreams');
  const taken = new Map<number, string>();
  let opened: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** Lets other uids pass through DATA on the way to their home, and read nothing on the way. */
  async function open(): Promise<void> {
    await mkdir(root, { recursive: true, mode: 0o711 });
    if (!options.isRoot) return;
    await closeFiles();
    const { mode } = await stat(dataDir);
    await chmod(dataDir, (mode & 0o7700) | 0o011);
    await chmod(root, 0o711);
    for (const server of await readdir(root)) {
      const folder = path.join(root, server);
      if (!(await lstat(folder)).isDirectory()) continue;
      for (const homeName of await readdir(folder)) {
        const { uid } = await lstat(path.join(folder, homeName));
        if (PASSING.test(homeName)) {
          await remove(path.join(folder, homeName), isServerUid(uid) ? uid : undefined);
          continue;
        }
        if (isServerUid(uid) && !taken.has(uid)) taken.set(uid, path.join(folder, homeName));
      }
    }
  }

  /** Closes the broker's files (database, keys) to other users once more, although whoever makes them closes them too. */
  async function closeFiles(): Promise<void> {
    for (const entry of await readdir(dataDir, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(dataDir, entry.name);
      const { mode } = await lstat(file);
      if ((mode & 0o077) !== 0) await chmod(file, mode & 0o700);
    }
  }

  async function remove(directory: string, uid: number | undefined): Promise<void> {
    // A process that left its group must not go on under a uid that is given to another home.
    endLeftovers(directory, uid);
    await rm(directory, { recursive: true, force: true });
    if (uid !== undefined && taken.get(uid) === directory) taken.delete(uid);
  }

  async function own(directory: string): Promise<number> {
    const { uid: owner } = await lstat(directory);
    if (taken.get(owner) === directory) return owner;
    // Processes of another broker on this computer, or of a systemd service, may run as one of these uids.
    const inUse = uidsInUse();
    for (let uid = FIRST_UID; uid <= LAST_UID; uid++) {
      if (taken.has(uid) || inUse.has(uid)) continue;
      taken.set(uid, directory);
      return uid;
    }
    throw new GateError('unavailable', `no uid is left for ${directory}; remove homes that are no longer used`);
  }

  async function prepare(server: string, homeName: string): Promise<ProcessHome> {
    opened ??= open();
    await opened;
    if (options.isRoot) await closeFiles();
    const directory = path.join(root, server, homeName);
    const temporary = path.join(directory, 'tmp');
    await mkdir(path.dirname(directory), { recursive: true, mode: 0o711 });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await lstat(directory)).isSymbolicLink()) {
      throw new GateError('untrusted', `${directory} is a symbolic link; remove it`);
    }
    const uid = options.isRoot ? await own(directory) : undefined;
    if (uid !== undefined) {
      await chmod(path.dirname(directory), 0o711);
      await lchown(directory, uid, uid);
    }
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    if (uid !== undefined) await handOver(temporary, uid);
    return { directory, temporary, uid };
  }

  return {
    prepare(server, homeName) {
      // One after the other, so that two homes do not take the same uid.
      const next = last.then(() => prepare(server, homeName));
      last = next.catch(() => undefined);
      return next;
    },
    removeHome(server, homeName) {
      const directory = path.join(root, server, homeName);
      const next = last.then(() => remove(directory, [...taken].find(([, owner]) => owner === directory)?.[0]));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

const FOLDER_ITSELF = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Makes `uid` the owner of a folder in a home. The server owns the home, and may put a symbolic link or a hard link to somebody else's file there
 * at any moment. So the folder is opened as a folder (which has no hard links) without following links, and the owner of the opened one is changed.
 */
async function handOver(folder: string, uid: number): Promise<void> {
  let handle;
  try {
    handle = await openFile(folder, FOLDER_ITSELF);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // A link, or no folder: the server has put it there, and it stays the server's.
    if (code === 'ELOOP' || code === 'ENOTDIR') return;
    throw error;
  }
  try {
    await handle.chown(uid, uid);
  } finally {
    await handle.close();
  }
}
