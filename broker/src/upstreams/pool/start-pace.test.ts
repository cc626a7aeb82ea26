// Programs of servers begin some at a time, those that somebody waits for first, and one that hangs keeps no other from its start for long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createStartPace } from './start-pace.ts';

/** What is due by now has run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function paced() {
  const clock = steppedClock();
  const pace = createStartPace({ clock, most: 2 });
  const begun: string[] = [];
  const start = (name: string, wish: { isAwaited?: () => boolean; signal?: AbortSignal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const { isAwaited = () => false, signal = new AbortController().signal } = wish;
    const done = pace.begin(() => (begun.push(name), promise), { isAwaited, signal });
    done.catch(() => undefined);
    return { done, ready: () => resolve(name), fails: (why: Error) => reject(why) };
  };
  return { clock, begun, start };
}

test('the next one begins when one is ready or has failed', async () => {
  const { begun, start } = paced();
  const [a, b, c] = [start('a'), start('b'), start('c')];
  start('d');
  await turn();
  assert.deepEqual(begun, ['a', 'b']);
  a.ready();
  assert.equal(await a.done, 'a');
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'c']);
  b.fails(new Error('no such program'));
  await assert.rejects(b.done, /no such program/);
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  c.ready();
  assert.equal(await c.done, 'c');
});

test('one that somebody waits for by now comes before those that nobody waits for', async () => {
  const { begun, start } = paced();
  const a = start('a');
  start('b');
  let isAwaited = false;
  start('c');
  start('d', { isAwaited: () => isAwaited });
  isAwaited = true;
  a.ready();
  await a.done;
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'd']);
});

test('those that nobody waits for begin, too, where somebody always waits for others', async () => {
  const { begun, start } = paced();
  const started = [start('a'), start('b'), start('c')];
  for (const name of ['d', 'e', 'f', 'g']) started.push(start(name, { isAwaited: () => true }));
  for (const { ready, done } of started.slice(0, 2)) {
    ready();
    await done;
  }
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'd', 'c']);
});

test('one that hangs keeps the next one waiting for three seconds, and once', async () => {
  const { clock, begun, start } = paced();
  const hanging = [start('a'), start('b')];
  for (const name of ['c', 'd', 'e']) start(name);
  await turn();
  clock.advance(2_999);
  await turn();
  assert.deepEqual(begun, ['a', 'b']);
  clock.advance(1);
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  for (const { ready, done } of hanging) {
    ready();
    await done;
  }
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'c', 'd'], 'their turns were over already');
});

test('one that is not wanted any more leaves the line, and never begins', async () => {
  const { begun, start } = paced();
  const a = start('a');
  start('b');
  const leaves = new AbortController();
  const c = start('c', { signal: leaves.signal });
  start('d');
  leaves.abort(new Error('overtaken'));
  await assert.rejects(c.done, /overtaken/);
  await assert.rejects(start('e', { signal: leaves.signal }).done, /overtaken/);
  a.ready();
  await a.done;
  await turn();
  assert.deepEqual(begun, ['a', 'b', 'd']);
});
