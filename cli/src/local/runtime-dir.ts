// The folder of the local socket, and the secret that both ends of the socket must know. Only the user may read them: the folder has mode 0700 and
// its owner is checked, because in a shared place another user could have made it.
import { chmodSync, closeSync, constants, fstatSync, linkSync, lstatSync, mkdirSync } from 'node:fs';
import { openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { GateError } from 'mcpgate-shared/error';
import type { Paths } from '../laptop/paths.ts';

const KEY_BYTES = 32;

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Makes the folder if it is missing. Throws `untrusted` where others own it or may use it. */
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

/** Reads the secret. Refuses a file that another user made or could have read while the folder was open to others. */
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

/** Reads the local secret; the first process makes it. */
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
    writeFileSync(fresh, random(KEY_BYTES), { mode: 0o600, flag: 'wx' }); // `wx` does not follow a link that another user has planted
    try {
      linkSync(fresh, paths.localKeyPath); // atomic, and does not replace a secret that another process has made meanwhile
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      unlinkSync(fresh);
    }
  }
}
