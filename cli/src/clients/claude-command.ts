// Claude Code rewrites its file all the time; its own command takes its lock. Whether it did what was asked is for the caller to read.
import { spawn } from 'node:child_process';
import type { ClientDeps } from './client-deps.ts';
import { findExecutable } from './find-clients.ts';

const TIMEOUT_MS = 20_000;

/** Runs `claude` with these arguments in `cwd`, without a shell. Returns whether it exited with 0; false also where it cannot be run. */
export async function runClaude(
  args: readonly string[],
  deps: Pick<ClientDeps, 'env' | 'platform' | 'homedir'>,
  cwd = deps.homedir,
): Promise<boolean> {
  const path = findExecutable('claude', deps);
  // npm's shim on Windows is a .cmd file, which does not start without a shell.
  if (path === undefined || /\.(cmd|bat)$/i.test(path)) return false;
  return await new Promise((resolve) => {
    const child = spawn(path, [...args], {
      cwd,
      env: { ...deps.env },
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
