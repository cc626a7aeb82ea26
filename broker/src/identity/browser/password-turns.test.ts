import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordTurns } from './password-turns.ts';

test('so many passwords are hashed at a time, so many wait, and more are turned away', async () => {
  const turns = createPasswordTurns(2, 10);
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return 'hashed';
  };
  const all = await Promise.all(Array.from({ length: 100 }, () => turns.run(work)));
  assert.equal(most, 2);
  assert.equal(all.filter((each) => each === 'hashed').length, 12);
  assert.equal(await turns.run(work), 'hashed');
  await assert.rejects(
    turns.run(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await turns.run(work), 'hashed');
});
