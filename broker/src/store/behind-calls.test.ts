// Threads that go through the log give way to calls, and still come to their end on a busy machine.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

test(
  'a thread that goes through the log comes behind calls, one that somebody waits for beside them, and neither last of all; the others stay as they were',
  { skip: process.platform === 'linux' ? false : 'a thread has a priority of its own on Linux alone' },
  async () => {
    const before = getPriority();
    const priority = async (...imports: string[]): Promise<unknown> => {
      const text = `${imports.map((url) => `await import('${url}');`).join('')}
        const [{ getPriority }, { parentPort }] = [await import('node:os'), await import('node:worker_threads')];
        parentPort.postMessage(getPriority());`;
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
      const [said] = (await once(worker, 'message')) as [unknown];
      await worker.terminate();
      return said;
    };
    assert.equal(await priority(new URL('./behind-calls.ts', import.meta.url).href), 15);
    assert.equal(await priority(new URL('./beside-calls.ts', import.meta.url).href), 5);
    assert.equal(await priority(), before);
    assert.equal(getPriority(), before);
  },
);

test('every thread of the broker imports one of the two before anything else', () => {
  const root = new URL('../', import.meta.url).pathname;
  const threads = globSync('**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(`${root}${file}`, 'utf8'))
    .filter((text) => text.includes('parentPort'));
  assert.ok(threads.length >= 5);
  for (const text of threads)
    assert.match(/^import .*$/m.exec(text)?.[0] ?? '', /be(?:hind|side)-calls\.ts/, text.slice(0, 100));
});
