// Starts the daemon as a process that outlives the one that starts it. Loaded only when a daemon must be started.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../laptop/paths.ts';
import { DEFAULT_PROFILE } from '../laptop/profile.ts';

const LOG_MAX_BYTES = 1024 * 1024;

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** `scriptPath`: bin/mcpgate.cjs of this installation. In a process list the daemon is shown as `… daemon run`. */
export function startDaemon(options: {
  paths: Paths;
  scriptPath: string;
  env: Readonly<Record<string, string | undefined>>;
}): void {
  const { paths, scriptPath } = options;
  const log = openLog(paths.daemonLogPath);
  try {
    // A grant in the environment belongs to this AI client alone; the daemon gets it over the socket.
    const { MCPGATE_TOKEN: _token, ...env } = options.env;
    // By name, because it must stay with this profile whatever is chosen later; as an argument too, where a process list shows it.
    const more = paths.profile === DEFAULT_PROFILE ? [] : ['--profile', paths.profile];
    const child = spawn(process.execPath, [scriptPath, 'daemon', 'run', ...more], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: paths.profileDir,
      env: { ...env, MCPGATE_PROFILE: paths.profile },
      windowsHide: true,
    });
    child.on('error', () => undefined); // the caller notices a missing daemon when it waits for the socket
    child.unref();
  } finally {
    closeSync(log);
  }
}
