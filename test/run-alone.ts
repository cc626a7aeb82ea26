// One test file in a process of its own, as `node --test FILE` runs it.
import { run } from 'node:test';
import { REPOSITORY } from './step.ts';
import { KEPT_OUTPUT, type FileOutcome } from './test-process.ts';
import { describeFailure } from './test-failure.ts';

export async function runAlone(file: string, timeoutMs: number): Promise<FileOutcome> {
  const outcome: FileOutcome = { passed: 0, failed: [], output: '', isUsable: false };
  const signal = AbortSignal.timeout(timeoutMs);
  const stream = run({ files: [file], cwd: REPOSITORY, signal, concurrency: 1 });
  const fail = (name: string, message: string) => outcome.failed.push({ name, message });
  stream.on('test:pass', ({ name, skip, todo, details }) => {
    if (details.type === 'suite') return;
    if (skip !== undefined) fail(name, `skipped: ${String(skip)}`);
    else if (todo !== undefined) fail(name, `to do: ${String(todo)}`);
    else outcome.passed += 1;
  });
  stream.on('test:fail', ({ name, details }) => {
    if (details.error.cause instanceof Error || details.type !== 'suite')
      fail(name, signal.aborted ? `ended after ${timeoutMs / 1000} s` : describeFailure(details.error));
  });
  const keep = ({ message }: { message: string }) => (outcome.output = (outcome.output + message).slice(-KEPT_OUTPUT));
  stream.on('test:stderr', keep).on('test:stdout', keep);
  for await (const _ of stream);
  return outcome;
}
