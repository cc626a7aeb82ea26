// One test file in a process of its own, as `node --test FILE` runs it.
import { run } from 'node:test';
import { countTests } from './count-tests.ts';
import { REPOSITORY } from './step.ts';
import { KEPT_OUTPUT, type FileOutcome } from './test-process.ts';

export async function runAlone(file: string, timeoutMs: number): Promise<FileOutcome> {
  const outcome: FileOutcome = { passed: 0, failed: [], output: '', isUsable: false };
  const signal = AbortSignal.timeout(timeoutMs);
  const stream = run({ files: [file], cwd: REPOSITORY, signal, concurrency: 1 });
  countTests(stream, {
    onPassed: () => (outcome.passed += 1),
    onFailed: (name, message) =>
      outcome.failed.push({ name, message: signal.aborted ? `ended after ${timeoutMs / 1000} s` : message }),
  });
  const keep = ({ message }: { message: string }) => (outcome.output = (outcome.output + message).slice(-KEPT_OUTPUT));
  stream.on('test:stderr', keep).on('test:stdout', keep);
  for await (const _ of stream);
  return outcome;
}
