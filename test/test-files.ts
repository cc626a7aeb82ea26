// Runs test files under node:test, some at a time, each in a process of its own, and counts what they said.
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { run } from 'node:test';
import { REPOSITORY } from './step.ts';

export interface TestFailure {
  file: string;
  name: string;
  message: string;
}

export interface TestTotals {
  passed: number;
  failures: readonly TestFailure[];
}

/** Three times what the longest file takes on two cores: other work on the machine must not fail a run. */
const FILE_TIMEOUT_MS = 400_000;
/** Its schedule stands still for as long as the machine is busy with the other files. */
const LONGER_MS: Readonly<Record<string, number>> = { 'test/chaos/chaos.test.ts': 480_000 };

/** Every test file of the repository but the import rules, which `check` runs; chaos and the scenarios first: they take longest. */
export function findTestFiles(words: readonly string[]): string[] {
  return ['test/chaos', 'test/scenarios', 'test', 'broker', 'cli', 'shared', 'docs']
    .flatMap((folder) =>
      globSync(`${folder}/**/*.test.ts`, { cwd: REPOSITORY, exclude: ['**/node_modules/**'] }).sort(),
    )
    .filter((file, index, all) => all.indexOf(file) === index)
    .filter((file) => !file.startsWith('test/rules/'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  return cause instanceof Error ? (cause.stack ?? cause.message) : (error.stack ?? error.message);
}

/** Runs `files`; a line for each file that ended, with its time. A test that is skipped or marked as to do counts as failed. */
export async function runTestFiles(files: readonly string[], write: (text: string) => void): Promise<TestTotals> {
  const failures: TestFailure[] = [];
  let passed = 0;
  const runFile = async (file: string) => {
    const startedAt = performance.now();
    const failed: TestFailure[] = [];
    let count = 0;
    let output = '';
    const timeoutMs = LONGER_MS[file] ?? FILE_TIMEOUT_MS;
    const signal = AbortSignal.timeout(timeoutMs);
    const stream = run({ files: [`${REPOSITORY}${file}`], cwd: REPOSITORY, signal, concurrency: 1 });
    const fail = (name: string, message: string) => failed.push({ file, name, message });
    stream.on('test:pass', ({ name, skip, todo, details }) => {
      if (details.type === 'suite') return;
      if (skip !== undefined) fail(name, `skipped: ${String(skip)}`);
      else if (todo !== undefined) fail(name, `to do: ${String(todo)}`);
      else count += 1;
    });
    stream.on('test:fail', ({ name, details }) => {
      if (details.error.cause instanceof Error || details.type !== 'suite')
        fail(name, signal.aborted ? `ended after ${timeoutMs / 1000} s` : describe(details.error));
    });
    const keep = ({ message }: { message: string }) => (output = (output + message).slice(-8000));
    stream.on('test:stderr', keep).on('test:stdout', keep);
    for await (const _ of stream);
    passed += count;
    if (count + failed.length === 0) fail(file, 'the file holds no test');
    failures.push(...failed);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    write(
      `${failed.length === 0 ? '✓' : '✗'} ${relative('.', file).padEnd(64)} ${String(count).padStart(4)} passed  ${seconds} s\n`,
    );
    if (failed.length > 0 && output.trim() !== '') write(`${output.trimEnd().replace(/^/gm, '    ')}\n`);
  };
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file);
  };
  // One more than there are cores: most files wait for processes, links and timers of real life for half of their time.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
  return { passed, failures };
}
