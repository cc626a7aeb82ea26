import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createAdmission } from './admission.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work that ends when the test says. */
function crowd(admission: ReturnType<typeof createAdmission>) {
  const running: (() => void)[] = [];
  return {
    running,
    come: (address = '192.0.2.1') =>
      admission.enter(address, () => new Promise<void>((resolve) => running.push(resolve))),
  };
}

test('of a thousand upgrades at once eight are checked at a time, in their order, and all get their turn', async () => {
  const admission = createAdmission(steppedClock());
  const { running, come } = crowd(admission);
  for (let one = 0; one < 1_000; one += 1) assert.equal(come(), undefined);
  assert.deepEqual([running.length, admission.waiting], [8, 992]);
  let done = 0;
  while (running.length > 0) {
    assert.ok(running.length <= 8, `${running.length} at once`);
    running.shift()?.();
    done += 1;
    await turn();
    await turn();
  }
  assert.deepEqual([done, admission.waiting], [1_000, 0]);
});

test('other work on the event loop gets its turn between two upgrades', async () => {
  const admission = createAdmission(steppedClock());
  const order: string[] = [];
  for (let one = 0; one < 10; one += 1) {
    admission.enter('192.0.2.1', () => {
      order.push(`link ${one}`);
      return Promise.resolve();
    });
  }
  setImmediate(() => order.push('a call'));
  await turn();
  await turn();
  await turn();
  assert.ok(order.indexOf('a call') <= 8, order.join(', '));
});

test('an upgrade that would wait too long is told when to come again, later the more there are; after the crowd all are let in', async () => {
  const clock = steppedClock();
  const admission = createAdmission(clock);
  const { running, come } = crowd(admission);
  // Each takes a second.
  for (let one = 0; one < 60; one += 1) {
    come();
    clock.advance(1_000);
    running.shift()?.();
    await turn();
    await turn();
  }
  let taken = 0;
  while (come() === undefined) taken += 1;
  assert.ok(taken > 40 && taken < 60, `${taken} taken`);
  const afterS = come() ?? 0;
  assert.ok(afterS >= 5 && afterS <= 10, `${afterS} s`);
  while (running.length > 0) {
    running.shift()?.();
    await turn();
    await turn();
  }
  assert.equal(come(), undefined);
});

test('a crowd from one address keeps no other address out, and waits behind the others', async () => {
  const admission = createAdmission(steppedClock());
  const order: string[] = [];
  const running: (() => void)[] = [];
  const come = (address: string, name: string) =>
    admission.enter(address, () => {
      order.push(name);
      return new Promise<void>((resolve) => running.push(resolve));
    });
  let crowd = 0;
  while (come('2001:db8::1', 'crowd') === undefined) crowd += 1;
  assert.equal(crowd, 2_008, 'eight are looked up, the others wait');
  assert.ok((come('2001:db8::2', 'crowd') ?? 0) >= 2, 'the same network');
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) assert.equal(come(address, address), undefined);
  order.length = 0;
  for (let one = 0; one < 5; one += 1) {
    running.shift()?.();
    await turn();
    await turn();
  }
  assert.deepEqual(order, ['crowd', '192.0.2.1', '192.0.2.2', 'crowd', '192.0.2.1']);
});

test('a crowd with a network of IPv6 of its own fills half of the room at most, from however many of its sites it comes', async () => {
  const admission = createAdmission(steppedClock());
  const { running, come } = crowd(admission);
  const site = (number: number, host: number) => `2001:db8:${number.toString(16)}:${host.toString(16)}::1`;
  for (let number = 0; number < 3_000; number += 1) come(site(number, number));
  assert.equal(admission.waiting, 2_000);
  for (let host = 0; host < 100; host += 1)
    assert.equal(come(`2001:db9::${host}`) === undefined, host === 0, `${host}`);
  assert.equal(running.length, 8);
  await turn();
});
