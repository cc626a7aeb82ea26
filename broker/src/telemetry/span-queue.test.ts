// A collector that is away, hangs or refuses costs no call anything, and no more memory than there is room for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSpanQueue } from './span-queue.ts';
import type { Posted } from './otlp-receiver.ts';

/** Time that a test moves by running what waits for it. */
function world(answer: (spans: number) => Posted | Promise<Posted>) {
  const timers: { ms: number; run: () => void }[] = [];
  const posted: string[][] = [];
  const said: string[] = [];
  const queue = createSpanQueue({
    receiver: {
      post(signal, document) {
        assert.equal(signal, 'traces');
        const { resourceSpans } = document as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };
        const names = resourceSpans.flatMap((each) =>
          each.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
        );
        posted.push(names);
        return Promise.resolve(answer(names.length));
      },
    },
    clock: {
      now: () => 0,
      after(ms, run) {
        const timer = { ms, run };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    },
    log: { warn: (_fields, message) => said.push(message), info: (_fields, message) => said.push(message) },
    ...{ version: '1', host: 'here', random: () => 1 },
  });
  const elapse = async () => {
    for (const { run } of timers.splice(0)) run();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  const take = (...names: string[]) => {
    for (const name of names) queue.take(() => ({ name }));
  };
  return { queue, posted, said, timers, elapse, take };
}

test('spans are sent together, and in parts where there are many', async () => {
  const { queue, posted, elapse, take } = world(() => ({ kind: 'taken' }));
  take('a', 'b');
  assert.deepEqual(posted, [], 'nothing is sent while calls are under way');
  await elapse();
  assert.deepEqual(posted, [['a', 'b']]);
  take(...Array.from({ length: 300 }, (_each, index) => `s${index}`));
  await elapse();
  assert.deepEqual(
    posted.slice(1).map(({ length }) => length),
    [256, 44],
  );
  assert.deepEqual(queue.counts, { sent: 302, dropped: 0, waiting: 0 });
});

test('what a collector that is away does not take comes again, later and later, and is said once', async () => {
  let answer: Posted = { kind: 'again', why: 'status 503', afterMs: undefined };
  const { queue, posted, said, timers, elapse, take } = world(() => answer);
  take('a');
  const pauses: number[] = [];
  for (let each = 0; each < 4; each += 1) {
    await elapse();
    pauses.push(timers[0]?.ms ?? 0);
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000]);
  assert.deepEqual(said, ['traces are not taken']);
  answer = { kind: 'taken' };
  take('b');
  await elapse();
  assert.deepEqual(posted.at(-1), ['a', 'b']);
  assert.deepEqual([said.at(-1), queue.counts], ['traces are taken again', { sent: 2, dropped: 0, waiting: 0 }]);
  answer = { kind: 'again', why: 'status 429', afterMs: 60_000 };
  take('c');
  await elapse();
  assert.equal(timers[0]?.ms, 60_000, 'as long as it asks for');
});

test('what is refused is not sent again, and the oldest go where there is no room', async () => {
  const refusing = world(() => ({ kind: 'lost', why: 'status 400' }));
  refusing.take('a');
  await refusing.elapse();
  assert.deepEqual(refusing.queue.counts, { sent: 0, dropped: 1, waiting: 0 });

  const hanging = world(() => new Promise<Posted>(() => undefined));
  hanging.take('first');
  await hanging.elapse();
  hanging.take(...Array.from({ length: 5_000 }, (_each, index) => `s${index}`));
  assert.deepEqual(hanging.queue.counts, { sent: 0, dropped: 904, waiting: 4_096 });
});

test('the end of the broker sends what there is, once', async () => {
  const { queue, posted, take } = world(() => ({ kind: 'again', why: 'status 503', afterMs: undefined }));
  take('a');
  await queue.close();
  take('late');
  assert.deepEqual([posted, queue.counts], [[['a']], { sent: 0, dropped: 1, waiting: 0 }]);
});
