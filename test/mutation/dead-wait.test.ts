import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { unlessDead } from './dead-wait.ts';

const never = () => new Promise<never>(() => undefined);

/** A process that has one of `lists` at each look, and the last one from then on. `micros`: what it works from one look to the next. */
function processOf(t: TestContext, lists: readonly (readonly string[])[], micros = 0) {
  const stay = setInterval(() => undefined, 1_000);
  t.after(() => clearInterval(stay));
  let looks = -1;
  const running = {
    getActiveResourcesInfo: () => lists[Math.min(looks, lists.length) - 1] ?? [],
    cpuUsage: () => ({ user: ++looks * micros, system: 0 }),
  };
  return { options: { lookEveryMs: 1, own: ['PipeWrap'], running }, looks: () => looks };
}

test('a test that waits where nothing is left is ended, after ten looks that all found nothing', async (t) => {
  const { options, looks } = processOf(t, [['PipeWrap']]);
  await assert.rejects(unlessDead(never(), options), /nothing is left/);
  assert.equal(looks(), 10);
  const late = processOf(t, [['PipeWrap'], ['PipeWrap', 'PipeWrap'], ['Timeout'], []]);
  await assert.rejects(unlessDead(never(), late.options), /nothing is left/);
  assert.equal(late.looks(), 13);
});

test('one that has something to wait for, or works, is not; and what it comes to is passed on', async (t) => {
  for (const { options, looks } of [processOf(t, [['Timeout']]), processOf(t, [[]], 10_000)]) {
    const work = Promise.withResolvers<string>();
    const answer = unlessDead(work.promise, options);
    while (looks() < 15) await new Promise<void>((resolve) => setImmediate(resolve));
    work.resolve('done');
    assert.equal(await answer, 'done');
  }
  await assert.rejects(unlessDead(Promise.reject(new Error('wrong')), { own: [] }), /wrong/);
});
