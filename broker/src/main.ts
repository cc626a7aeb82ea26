// The entry of `mcpgate-broker`: the only place that touches the process.
import { userInfo } from 'node:os';
import process from 'node:process';
import type { CommandContext } from './commands/context.ts';
import { runProgram } from './commands/program.ts';

function username(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // containers run under uids that have no name
  }
}

const context: CommandContext = {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  username: username(),
  pid: process.pid,
  isRoot: process.getuid?.() === 0,
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

// `audit search | head`: a reader that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), context);
