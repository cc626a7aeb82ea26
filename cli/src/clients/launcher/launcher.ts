// Writes the launcher, a small script at `<configDir>/bin/mcpgate` that AI clients start. Its path stays the same when Node or mcpgate are upgraded
// or moved, so the clients' files need no change then.
import { chmod, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import type { ClientDeps } from '../client-deps.ts';
import { digest, fileError, readSnapshot, replaceSnapshot } from '../files/file-snapshot.ts';
import { launcherCmd } from './launcher-cmd.ts';
import { launcherSh } from './launcher-sh.ts';
import { runtimeCandidates } from './runtime-candidates.ts';

export type LauncherDeps = Pick<
  ClientDeps,
  | 'platform'
  | 'homedir'
  | 'env'
  | 'configDir'
  | 'runtimeDir'
  | 'configDirIsDefault'
  | 'runtimeDirIsDefault'
  | 'nodePath'
  | 'scriptPath'
>;

/** Absolute path of the launcher. */
export function launcherPath({ platform, configDir }: Pick<ClientDeps, 'platform' | 'configDir'>): string {
  return platform === 'win32' ? win32.join(configDir, 'bin', 'mcpgate.cmd') : posix.join(configDir, 'bin', 'mcpgate');
}

/** Writes the launcher where it is missing or differs. Returns its path, and whether it was written. */
export async function writeLauncher(deps: LauncherDeps): Promise<{ path: string; changed: boolean }> {
  const path = launcherPath(deps);
  const variables: Record<string, string> = {};
  if (!deps.configDirIsDefault) variables['MCPGATE_CONFIG_DIR'] = deps.configDir;
  if (!deps.runtimeDirIsDefault) variables['MCPGATE_RUNTIME_DIR'] = deps.runtimeDir;
  const print = deps.platform === 'win32' ? launcherCmd : launcherSh;
  const bytes = Buffer.from(print({ homedir: deps.homedir, variables, candidates: runtimeCandidates(deps) }));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const snapshot = await readSnapshot(path);
    const isSame = snapshot.bytes !== null && digest(snapshot.bytes) === digest(bytes);
    if (!isSame && !(await replaceSnapshot(snapshot, bytes))) continue;
    return { path, changed: (await makeExecutable(path)) || !isSame };
  }
  throw new GateError('conflict', `${path} keeps changing while it is written; run this again`);
}

/** Makes the launcher executable. Returns whether the mode had to be changed. */
async function makeExecutable(path: string): Promise<boolean> {
  try {
    if (((await stat(path)).mode & 0o777) === 0o755) return false;
    await chmod(path, 0o755);
    return process.platform !== 'win32';
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}
