// The context of a command, made of the real process.
import { spawn } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import process from 'node:process';
import type { Unexpected } from '../domain/unexpected.ts';
import type { CommandContext } from './context.ts';

function username(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // containers run under uids that have no name
  }
}

/** As `CommandContext.outlive`: `listener` gets the errors that would have ended the process. */
function outlive(listener: Unexpected['note']): void {
  process.on('uncaughtException', (error: unknown) => listener('exception', error));
  process.on('unhandledRejection', (error: unknown) => listener('rejection', error));
  for (const output of [process.stdout, process.stderr]) {
    output.removeAllListeners('error'); // without a reader `audit search` is done; a broker is not
    output.on('error', (error: unknown) => listener('output', error));
  }
}

/** As git does it: the editor's own words are a shell's, the file is one word whatever its name. */
async function runEditor(editor: string, file: string, env: CommandContext['env']): Promise<number> {
  return await new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, file], { env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
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
    onHangUp: (listener) => void process.on('SIGHUP', listener),
    outlive,
    runEditor: (editor, file) => runEditor(editor, file, env),
    exit: (code) => process.exit(code),
    now: () => Date.now(),
  };
}
