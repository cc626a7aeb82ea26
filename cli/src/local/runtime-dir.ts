// The folder of the local socket, and the secret that both ends of it must know. Only the user may read either: the folder is 0700
// and its owner is checked, because a folder in a shared place could have been put there by somebody else.
import { chmodSync, closeSync, constants, fstatSync, linkSync, lstatSync, mkdirSync } from 'node:fs';
import { openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { GateError } from 'mcpgate-shared/error';
import type { Paths } from '../laptop/paths.ts';

const KEY_BYTES = 32;

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Makes the folder where it is missing; throws `untrusted` where it is not the user's alone. */
function ensureRuntimeDir(runtimeDir: string): void {
  const uid = process.getuid?.();
  try {
    mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
    const found = lstatSync(runtimeDir);
    if (!found.isDirectory())
      throw new GateError('untrusted', `${runtimeDir} is not a folder; remove it, or set MCPGATE_RUNTIME_DIR`);
    if (uid === undefined) return;
    if (found.uid !== uid) {
      const advice = 'set MCPGATE_RUNTIME_DIR to a folder of your own';
      throw new GateError('untrusted', `${runtimeDir} belongs to another user (uid ${found.uid}); ${advice}`);
    }
    if ((found.mode & 0o077) !== 0) chmodSync(runtimeDir, 0o700);
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError(
      'internal',
      `cannot use the folder ${runtimeDir} (${String(codeOf(error))}); check its permissions`,
      {
        cause: error,
      },
    );
  }
}

/** A key that somebody else put there, or could have read, while the folder was wider than it is now proves nothing. */
function readOwnKey(path: string): Buffer {
  const untrusted = (what: string) =>
    new GateError('untrusted', `${path} ${what}; remove it, then run \`mcpgate daemon restart\``);
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw untrusted('is a symbolic link');
    if (codeOf(error) === 'EACCES') throw untrusted('cannot be read');
    throw error;
  }
  try {
    const found = fstatSync(file);
    const uid = process.getuid?.();
    if (!found.isFile()) throw untrusted('is not a file');
    if (uid !== undefined && found.uid !== uid) throw untrusted(`belongs to another user (uid ${found.uid})`);
    if (uid !== undefined && (found.mode & 0o077) !== 0) throw untrusted('can be read by other users');
    const key = readFileSync(file);
    if (key.length !== KEY_BYTES) throw untrusted('is damaged');
    return key;
  } finally {
    closeSync(file);
  }
}

/** The local secret: read, or made by whoever comes first. */
export function readLocalKey(
  paths: Pick<Paths, 'runtimeDir' | 'localKeyPath'>,
  random: (bytes: number) => Buffer,
): Buffer {
  ensureRuntimeDir(paths.runtimeDir);
  for (;;) {
    try {
      return readOwnKey(paths.localKeyPath);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    const fresh = `${paths.localKeyPath}.${random(8).toString('hex')}`;
    writeFileSync(fresh, random(KEY_BYTES), { mode: 0o600, flag: 'wx' }); // never through a link that somebody planted
    try {
      linkSync(fresh, paths.localKeyPath); // atomic, and never replaces the one that another process has made meanwhile
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      unlinkSync(fresh);
    }
  }
}
