// The wire to a server that is a child process: one JSON message a line on its stdin and stdout. The process leads a process group of its
// own, which is ended as a whole.
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { onOneLine } from 'mcpgate-shared/mcp/json-span';
import { createLargeReader } from '../../../message/large-reader.ts';
import { partsOf } from '../../../message/pieces.ts';
import { notExecuted } from '../../attempt.ts';
import type { LimitedStart } from '../../process/limit-keeper.ts';
import { howItEnded, tooMuchMemory } from '../../process/limit-words.ts';
import { createLineSplitter } from '../line-splitter.ts';
import type { ProcessHome } from '../../process/process-home.ts';
import type { ProcessRegister } from '../../process/process-register.ts';
import { endLeftovers } from '../../process/leftovers.ts';
import { feed, type ProcessStart } from '../../process/process-start.ts';
import { descendantsOf, readProcessTable } from '../../process/process-table.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';
import type { Wire, WireEvents } from '../wire.ts';

export interface StdioWireOptions {
  serverName: string;
  /** The command as the record has it, for errors. */
  command: string;
  start: ProcessStart;
  limited: Pick<LimitedStart, 'limits' | 'memory'>;
  home: ProcessHome;
  clock: Clock;
  register: ProcessRegister;
  /** Masks large messages as they come; small ones are masked later, by `maskedEvents`. */
  messageMask?: MessageMask | undefined;
  /** Longest message, either way. */
  maxMessageBytes: number;
  onStderr: (chunk: Buffer) => void;
  /** The last lines of stderr. */
  stderr: () => readonly string[];
  /** Called with each line on stdout that is no message, before it is masked. */
  onNoise: (line: string) => void;
}

/** How long a server may take to end once its stdin has ended, before it gets SIGTERM; and after that, before it gets SIGKILL. */
const GRACE_MS = 300;
const TERM_MS = 2_000;

export function openStdioWire(options: StdioWireOptions, events: WireEvents): Wire {
  const { serverName, clock, start, home } = options;
  const { limits, memory } = options.limited;
  const child = spawn(start.program, start.args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ['pipe', 'pipe', 'pipe', ...start.feeds.map((): 'pipe' => 'pipe')],
    // In a process group of its own: the processes that it starts are ended with it, and a Ctrl-C at the broker's terminal does not reach it.
    detached: true,
    ...(start.uid === undefined ? {} : { uid: start.uid, gid: start.uid }),
  });
  const { stdin, stdout, stderr } = pipesOf(child);
  feed(child, start.feeds);
  let over: GateError | undefined;
  let closing: Promise<void> | undefined;
  let running = child.pid !== undefined;
  let whyEnded: string | undefined;
  let unwatch = (): readonly number[] => [];
  if (child.pid !== undefined) {
    sacrifice(child.pid);
    options.register.add(child.pid, home.directory);
    const limitBytes = limits.memoryBytes;
    if (limitBytes !== null)
      unwatch = memory.watch({ pid: child.pid, uid: home.uid, home: home.directory, limitBytes, onOver: endForMemory });
  }

  function endForMemory(usedBytes: number, pids: readonly number[]): void {
    if (!running || limits.memoryBytes === null) return;
    whyEnded = `was ended: it ${tooMuchMemory(usedBytes, limits.memoryBytes)}`;
    killGroup('SIGKILL');
    // Processes that have left the group hold their part of the memory.
    for (const pid of pids) kill(pid, 'SIGKILL');
  }

  function end(error: GateError): void {
    if (over !== undefined) return;
    over = error;
    if (closing === undefined) events.closed(error);
  }

  function killGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (child.pid !== undefined) kill(-child.pid, signal);
  }

  function terminate(): void {
    if (child.pid === undefined) return;
    // bwrap would end its sandbox at once at SIGTERM, so the signal goes to the processes in it, which may take their time.
    if (start.isSandboxed) for (const pid of descendantsOf(readProcessTable(), child.pid)) kill(pid, 'SIGTERM');
    else killGroup('SIGTERM');
  }

  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      if (running) return;
      end(notExecuted('never_sent', startFailure(serverName, options.command, error), error));
      resolve();
    });
    child.once('exit', (exitCode, exitSignal) => {
      const { code, signal } = endOf(exitCode, exitSignal, start.isSandboxed);
      running = false;
      killGroup('SIGKILL');
      if (child.pid !== undefined) options.register.remove(child.pid);
      for (const pid of unwatch()) kill(pid, 'SIGKILL');
      if (!start.isSandboxed) endLeftovers(home.directory, home.uid, options.register.of(home.directory));
      resolve();
      // The last answers of the child may still be in the pipe.
      const last = () => {
        const how = whyEnded ?? `ended (${howItEnded({ code, signal, limits, stderr: options.stderr() })})`;
        end(new GateError('upstream', `server ${serverName} ${how}; it is started again on demand`));
      };
      stdout.once('close', last);
      const cancel = clock.after(1_000, last);
      child.once('close', cancel);
      child.once('close', last);
    });
  });

  const split = createLineSplitter({
    maxBytes: options.maxMessageBytes,
    onLine(line) {
      if (!events.message(line) && line.trim() !== '') options.onNoise(line);
    },
    onLong(first) {
      const reader = createLargeReader(first, options.messageMask?.open());
      return {
        feed: reader.feed,
        end() {
          const read = reader.end();
          const isTaken = typeof read === 'string' ? events.message(read) : events.message(read.text, read.pieces);
          if (!isTaken) options.onNoise(typeof read === 'string' ? read : read.text.slice(0, 1_000));
        },
      };
    },
    onOversize: (head, tail) => events.oversize(head, tail),
  });
  stdout.on('data', split);
  stderr.on('data', options.onStderr);
  stdin.on('error', (cause) => {
    // Most often the child has died, and its exit, which says more, is seen a moment later.
    clock.after(EXIT_FOLLOWS_MS, () => {
      if (running && closing === undefined) terminate();
      end(new GateError('upstream', `server ${serverName} closed its stdin; it is started again on demand`, { cause }));
    });
  });

  return {
    answersInSend: false,
    get processes() {
      return running ? 1 : 0;
    },
    send(text, { pieces } = {}) {
      if (over !== undefined || closing !== undefined) {
        return Promise.reject(
          notExecuted('never_sent', over?.message ?? `the connection to server ${serverName} is closed`),
        );
      }
      const parts = pieces === undefined ? undefined : partsOf(onOneLine(text), pieces);
      const bytes = parts?.reduce((sum, part) => sum + part.length, 0) ?? text.length;
      if (stdin.writableLength + bytes > options.maxMessageBytes) {
        return Promise.reject(notExecuted('never_sent', `server ${serverName} does not read what it is sent`));
      }
      if (parts === undefined) stdin.write(`${onOneLine(text)}\n`);
      else for (const part of [...parts, NEWLINE]) stdin.write(part);
      return DONE;
    },
    drop() {},
    established() {},
    close() {
      closing ??= (async () => {
        stdin.end();
        const cancels = [clock.after(GRACE_MS, terminate), clock.after(GRACE_MS + TERM_MS, () => killGroup('SIGKILL'))];
        if (running) await exited;
        for (const cancel of cancels) cancel();
      })();
      return closing;
    },
  };
}

/** How the server ended. For one in a sandbox, bwrap's exit code 128 + N means signal N, as with shells. */
function endOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  isSandboxed: boolean,
): { code: number | null; signal: string | null } {
  const number = isSandboxed && code !== null && code > 128 ? code - 128 : undefined;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name };
}

function pipesOf({ stdin, stdout, stderr }: ChildProcess): { stdin: Writable; stdout: Readable; stderr: Readable } {
  if (stdin === null || stdout === null || stderr === null) throw new Error('a child that was given pipes has none');
  return { stdin, stdout, stderr };
}

const DONE = Promise.resolve();
const NEWLINE = Buffer.from('\n');
/** An exit is seen within this time after the broken pipe that it causes. */
const EXIT_FOLLOWS_MS = 250;

function kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: the process (or group) is gone, as it should be. EPERM (macOS): only zombies are left.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Makes the kernel end a server rather than the broker where memory runs out: a server is started again. */
function sacrifice(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // Not Linux, or the process has ended; the server's limit on memory is still kept.
  }
}

function startFailure(serverName: string, command: string, error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT')
    return `server ${serverName} did not start: command ${command} or its working directory was not found`;
  if (code === 'EACCES') return `server ${serverName} did not start: ${command} may not be executed`;
  return `server ${serverName} did not start: ${error.message}`;
}
