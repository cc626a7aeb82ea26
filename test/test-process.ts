// One process that runs test files one after the other: what they import is loaded, and made fast by V8, once for all of them.
// `test-process-main.ts` is what runs in it. A file that needs a process of its own is run as `node --test` runs it (`run-alone.ts`).
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { REPOSITORY } from './step.ts';

/** What the process says of a file, in order; `ended` comes last. */
export type TestNews =
  { kind: 'passed' } | { kind: 'failed'; name: string; message: string } | { kind: 'ended'; residentBytes: number };

/** What it is told: the path of a file. */
export type TestOrder = string;

export interface FileOutcome {
  passed: number;
  failed: { name: string; message: string }[];
  /** The end of what the file wrote. */
  output: string;
  /** Whether another file may run in the process. */
  isUsable: boolean;
}

export const KEPT_OUTPUT = 8_000;
/** A process that has grown to this gives way to a new one, so that its garbage does not slow down all that follow. */
const LARGEST_BYTES = 700_000_000;

export interface TestProcess {
  /** Runs one file to its end; a process that has not ended it after `timeoutMs` is killed. */
  run(file: string, timeoutMs: number): Promise<FileOutcome>;
  end(): Promise<void>;
}

export function startTestProcess(): TestProcess {
  const child = fork(fileURLToPath(new URL('test-process-main.ts', import.meta.url)), {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const gone: Promise<unknown[]> = once(child, 'exit');
  return {
    run: async (file, timeoutMs) => await runFile(child, gone, file, timeoutMs),
    async end() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

async function runFile(
  child: ChildProcess,
  gone: Promise<unknown[]>,
  file: string,
  timeoutMs: number,
): Promise<FileOutcome> {
  const outcome: FileOutcome = { passed: 0, failed: [], output: '', isUsable: false };
  const keep = (text: Buffer) => (outcome.output = (outcome.output + text.toString()).slice(-KEPT_OUTPUT));
  const ended = new Promise<number>((resolve) => {
    child.on('message', (news: TestNews) => {
      if (news.kind === 'passed') outcome.passed += 1;
      else if (news.kind === 'failed') outcome.failed.push({ name: news.name, message: news.message });
      else resolve(news.residentBytes);
    });
  });
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.send(file satisfies TestOrder);
  const end = await Promise.race([ended, gone]);
  clearTimeout(deadline);
  if (typeof end === 'number') outcome.isUsable = end < LARGEST_BYTES;
  else {
    const message = isLate ? `ended after ${timeoutMs / 1000} s` : `its process ended by ${end.join(' ')}`;
    outcome.failed.push({ name: file, message });
  }
  // What it wrote last may come after its word that it has ended.
  await setImmediate();
  child.removeAllListeners('message');
  child.stdout?.off('data', keep).resume();
  child.stderr?.off('data', keep).resume();
  return outcome;
}
