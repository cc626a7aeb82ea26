// The folder of the local socket, and the secret that both ends of it must know. Only the user may read either: the folder is 0700
// and its owner is checked, because a folder in a shared place could have been put there by somebody else.
import { chmodSync, linkSync, lstatSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { GateError } from 'mcpgate-shared/error';
import type { Paths } from '../paths.ts';

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

/** The local secret: read, or made by whoever comes first. */
export function readLocalKey(
  paths: Pick<Paths, 'runtimeDir' | 'localKeyPath'>,
  random: (bytes: number) => Buffer,
): Buffer {
  ensureRuntimeDir(paths.runtimeDir);
  for (;;) {
    try {
      const key = readFileSync(paths.localKeyPath);
      if (key.length === KEY_BYTES) return key;
      throw new GateError('untrusted', `${paths.localKeyPath} is damaged; remove it and try again`);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    const fresh = `${paths.localKeyPath}.${process.pid}`;
    writeFileSync(fresh, random(KEY_BYTES), { mode: 0o600, flag: 'w' });
    try {
      linkSync(fresh, paths.localKeyPath); // atomic, and never replaces the one that another process has made meanwhile
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      unlinkSync(fresh);
    }
  }
}
