// Runs test files under node:test, some at a time, and counts what they said. Files share a few processes: loading and warming up the broker
// costs more than most files' tests (docs/decisions/node-test.md).
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { runAlone } from './run-alone.ts';
import { REPOSITORY } from './step.ts';
import { startTestProcess, type FileOutcome, type TestProcess } from './test-process.ts';
import { busyProcesses } from './world/process-table.ts';

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
/** The schedule of chaos stands still for as long as the machine is busy with the other files; the dashboard's pages are many, and looked at twice. */
const LONGER_MS: Readonly<Record<string, number>> = {
  ...{ 'test/chaos/chaos.test.ts': 480_000, 'test/dashboard/dashboard.test.ts': 600_000 },
};

const timeoutOf = (file: string) => LONGER_MS[file] ?? FILE_TIMEOUT_MS;

/** Where files are run one after the other in one process. */
const SHARED = /^(?:shared|broker\/src|cli\/src|test\/scenarios)\//;
/** There: what measures or changes its process, and what takes long. */
const OWN =
  /^(?:broker\/src\/(?:audit\/(?:refused-events|proof\/tampered-log)|gateway\/(?:call\/given-back|extensions\/)|tunnel\/hostile-peers|upstreams\/(?:wires\/http\/exchange-memory|wires\/stdio\/stdio-upstream))|cli\/src\/serve\/collect-garbage)/;
/** A file that ends in this time neither way is judged alone. */
const SHARED_TIMEOUT_MS = 150_000;
/** What scenarios wait for, other processes, takes as long in a shared one. */
const sharedTimeoutOf = (file: string) => (file.startsWith('test/') ? timeoutOf(file) : SHARED_TIMEOUT_MS);
/** When more files than these have failed, it is no matter of a busy machine. */
const MOST_AGAIN = 4;
const needsOwnProcess = (file: string) => !SHARED.test(file) || OWN.test(file);

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

/** Runs `files`; a line for each file that ended, with its time. A test that is skipped or marked as to do counts as failed. */
export async function runTestFiles(files: readonly string[], write: (text: string) => void): Promise<TestTotals> {
  const failures: TestFailure[] = [];
  let passed = 0;
  const count = (file: string, startedAt: number, { passed: count, failed, output }: FileOutcome) => {
    if (count + failed.length === 0) failed.push({ name: file, message: 'the file holds no test' });
    passed += count;
    failures.push(...failed.map((failure) => ({ file, ...failure })));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    write(
      `${failed.length === 0 ? '✓' : '✗'} ${relative('.', file).padEnd(64)} ${String(count).padStart(4)} passed  ${seconds} s\n`,
    );
    if (failed.length > 0 && output.trim() !== '') write(`${output.trimEnd().replace(/^/gm, '    ')}\n`);
  };
  const waiting = [...files];
  const again: string[] = [];
  const alone = async (file: string) => {
    const startedAt = performance.now();
    const outcome = await runAlone(`${REPOSITORY}${file}`, timeoutOf(file));
    count(file, startedAt, outcome);
    if (outcome.failed.length > 0) write(`  busy at that time: ${await busyProcesses()}\n`);
  };
  /** What failed may have failed because of what other files left in its process, or because a busy machine was too slow. Alone it says whether it holds. */
  const judgeLater = async (file: string, { failed }: FileOutcome) => {
    const isLater = again.length < MOST_AGAIN;
    const when = isLater ? 'when nothing else runs' : 'alone';
    for (const { name, message } of failed)
      write(`  ${relative('.', file)} failed beside others and is run once more ${when}: ${name}\n${message}\n`);
    write(`  busy at that time: ${await busyProcesses()}\n`);
    if (isLater) again.push(file);
    else await alone(file);
  };
  const worker = async () => {
    let shared: TestProcess | undefined;
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const startedAt = performance.now();
      const path = `${REPOSITORY}${file}`;
      let outcome: FileOutcome;
      if (needsOwnProcess(file)) outcome = await runAlone(path, timeoutOf(file));
      else {
        shared ??= startTestProcess();
        outcome = await shared.run(path, sharedTimeoutOf(file));
        if (outcome.failed.length > 0 || !outcome.isUsable) {
          await shared.end();
          shared = undefined;
        }
      }
      if (outcome.failed.length === 0) count(file, startedAt, outcome);
      else await judgeLater(file, outcome);
    }
    await shared?.end();
  };
  // One more than there are cores: most files wait for processes, links and timers of real life for half of their time.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
  for (const file of again) await alone(file);
  return { passed, failures };
}
