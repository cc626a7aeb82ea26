import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as registry from './registry.ts';

test('registered tests run with the hooks around them, as often as they are asked for, and are told apart', async () => {
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(what);
  const tests = await registry.registerTests(['a.test.ts'], async () => {
    registry.before(note('before file'));
    registry.after(note('after file'));
    registry.describe('a suite', () => {
      registry.beforeEach(note('before each'));
      registry.afterEach(note('after each'));
      registry.test('one', (t: { after: (hook: () => void) => void }) => {
        t.after(note('cleaned up'));
        seen.push('one');
      });
      registry.test('one', () => Promise.reject(new Error('wrong')));
    });
    registry.test('outside', note('outside'));
    return Promise.resolve();
  });
  assert.deepEqual(
    tests.map(({ id }) => id),
    ['a.test.ts › a suite › one', 'a.test.ts › a suite › one #2', 'a.test.ts › outside'],
  );
  const failed: string[] = [];
  const runAll = () =>
    registry.runTests(tests, async ({ id }, run) => {
      await run().catch((error: unknown) => failed.push(`${id}: ${String(error)}`));
      return true;
    });
  await runAll();
  const once = [
    'before file',
    'before each',
    'one',
    'cleaned up',
    'after each',
    'before each',
    'after each',
    'outside',
    'after file',
  ];
  assert.deepEqual(seen, once);
  await runAll();
  assert.deepEqual(seen, [...once, ...once]);
  assert.deepEqual(failed, Array(2).fill('a.test.ts › a suite › one #2: Error: wrong'));

  seen.length = 0;
  await registry.runTests(tests, async (_test, run) => {
    await run();
    return false;
  });
  assert.deepEqual(seen, [...once.slice(0, 5), 'after file'], 'after the first one no more');
});
