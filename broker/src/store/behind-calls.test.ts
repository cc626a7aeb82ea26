// Threads that go through the log give way to calls.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

test(
  'a thread that imports it has the lowest priority, and the others have the one that they had',
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
    assert.equal(await priority(new URL('./behind-calls.ts', import.meta.url).href), 19);
    assert.equal(await priority(), before);
    assert.equal(getPriority(), before);
  },
);

test('every thread of the broker imports it before anything else', () => {
  const root = new URL('../', import.meta.url).pathname;
  const threads = globSync('**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(`${root}${file}`, 'utf8'))
    .filter((text) => text.includes('parentPort'));
  assert.ok(threads.length >= 5);
  for (const text of threads)
    assert.match(/^import .*$/m.exec(text)?.[0] ?? '', /behind-calls\.ts/, text.slice(0, 100));
});
