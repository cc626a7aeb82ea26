// Runs the test files that it is told of, one at a time, in this process. A file has ended when nothing of it is left that the process
// would wait for, as in a process of its own: what a test leaves open fails it by its deadline.
import { run } from 'node:test';
import { countTests } from './count-tests.ts';
import type { TestNews, TestOrder } from './test-process.ts';

const tell = (news: TestNews) => process.send?.(news);

async function runFile(file: string): Promise<void> {
  // Node's runner ends a file when the process would exit, which an open channel to the parent prevents.
  process.channel?.unref();
  process.exitCode = 0;
  const stream = run({ files: [file], isolation: 'none', concurrency: 1 });
  const diagnostics: string[] = [];
  countTests(stream, {
    onPassed: () => tell({ kind: 'passed' }),
    onFailed: (name, message) => tell({ kind: 'failed', name, message }),
  });
  stream.on('test:diagnostic', ({ message }) => diagnostics.push(message));
  for await (const _ of stream);
  // What went wrong outside of every test has failed the file, and nothing else.
  if (process.exitCode !== 0) tell({ kind: 'failed', name: file, message: diagnostics.join('\n') });
  process.channel?.ref();
  tell({ kind: 'ended', residentBytes: process.memoryUsage.rss() });
}

// Nobody reads any further what it says.
process.once('disconnect', () => process.exit());
process.on('message', (file: TestOrder) => void runFile(file));
