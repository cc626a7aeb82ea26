// The context of a command in a real process.
import { homedir, userInfo } from 'node:os';
import process from 'node:process';
import type { CommandContext } from './context.ts';

function username(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // containers run under uids that have no name
  }
}

export function processContext(env: CommandContext['env']): CommandContext {
  return {
    env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    username: username(),
    pid: process.pid,
    isRoot: process.getuid?.() === 0,
    userHome: homedir(),
    onStopSignal(listener) {
      process.on('SIGTERM', listener);
      process.on('SIGINT', listener);
      return () => {
        process.off('SIGTERM', listener);
        process.off('SIGINT', listener);
      };
    },
    exit: (code) => process.exit(code),
    now: () => Date.now(),
  };
}
