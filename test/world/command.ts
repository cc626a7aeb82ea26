// Runs programs for the tests: one that ends (its code and what it printed) or one that stays (its lines as they come).
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileCache } from './compile-cache.ts';

export interface CommandOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Written to standard input, which then ends. */
  stdin?: string;
  /** Killed and failed after this long; 60 s unless said. */
  deadlineMs?: number;
  /** Called with each line of standard output. Where it rejects, the program is killed, and that is thrown. */
  onLine?: (line: string) => Promise<unknown>;
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** The lines that end in `text`, the first of which may have begun in what came `before`. */
export const linesEndedBy = (text: string, before: string): string[] =>
  `${before.slice(before.lastIndexOf('\n') + 1)}${text}`.split('\n').slice(0, -1);

/** Runs a program to its end. Throws only where it cannot be started or does not end in time. */
export function runCommand(command: readonly [string, ...string[]], options: CommandOptions): Promise<Finished> {
  const [program, ...args] = command;
  const deadlineMs = options.deadlineMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...compileCache, ...options.env },
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const ended = linesEndedBy(text, stdout);
      stdout += text;
      for (const line of ended)
        options.onLine?.(line).catch((error: unknown) => {
          child.kill('SIGKILL');
          reject(error);
        });
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${args.join(' ')}: not done after ${deadlineMs} ms\n${stdout}\n${stderr}`));
    }, deadlineMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128, stdout, stderr: signal === null ? stderr : `${stderr}[${signal}]` });
    });
    child.stdin.on('error', () => undefined); // it ended without reading: its exit code says why
    child.stdin.end(options.stdin ?? '');
  });
}

export interface Running {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  output(): string;
  /** The first line (of either stream, past or to come) that matches. Fails when the process ends or the deadline passes. */
  line(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** Resolves to the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Signals it, SIGKILL after 10 s unless said, and waits for its end. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<number | string>;
}

/** Starts a program that stays. */
export function startCommand(command: readonly [string, ...string[]], options: CommandOptions): Running {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...compileCache, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const exited = exitOf(child);
  let ended: number | string | undefined;
  const tell = () => {
    for (const watcher of [...watchers]) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      tell();
    });
  }
  void exited.then((how) => {
    ended = how;
    tell();
  });
  return {
    pid: child.pid ?? -1,
    exited,
    output: () => lines.join('\n'),
    line: (pattern, deadlineMs = 60_000) =>
      new Promise((resolve, reject) => {
        const fail = (why: string) => {
          watchers.delete(look);
          clearTimeout(timer);
          reject(new Error(`no line matched ${String(pattern)}: ${why}\n${lines.join('\n')}`));
        };
        const timer = setTimeout(() => fail(`waited ${deadlineMs} ms`), deadlineMs);
        const look = () => {
          for (const line of lines) {
            const match = pattern.exec(line);
            if (match === null) continue;
            watchers.delete(look);
            clearTimeout(timer);
            resolve(match);
            return;
          }
          if (ended !== undefined) fail(`it ended (${ended})`);
        };
        watchers.add(look);
        look();
      }),
    async stop(signal = 'SIGTERM', graceMs = 10_000) {
      if (ended === undefined) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const how = await exited;
      clearTimeout(timer);
      return how;
    },
  };
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}
