// Starts the daemon as a process of its own that survives its starter. Loaded only when one must be started.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../laptop/paths.ts';

const LOG_MAX_BYTES = 1024 * 1024;

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** `scriptPath`: bin/mcpgate.cjs of this installation. The process reads `… daemon run` in a process list. */
export function startDaemon(options: {
  paths: Paths;
  scriptPath: string;
  env: Readonly<Record<string, string | undefined>>;
}): void {
  const { paths, scriptPath } = options;
  const log = openLog(paths.daemonLogPath);
  try {
    // A grant of one AI client's environment is that client's alone: the daemon gets it over the socket.
    const { MCPGATE_TOKEN: _token, ...env } = options.env;
    const child = spawn(process.execPath, [scriptPath, 'daemon', 'run'], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: paths.configDir,
      env,
      windowsHide: true,
    });
    child.on('error', () => undefined); // its absence is noticed by who waits for the socket
    child.unref();
  } finally {
    closeSync(log);
  }
}
