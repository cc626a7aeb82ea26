// A collector that is away, hangs or refuses costs no call anything, and no more memory than there is room for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tried } from './kept-spans.ts';
import { createSpanQueue } from './span-queue.ts';
import type { Posted } from './otlp-receiver.ts';

/** Time that a test moves by running what waits for it. */
function world(answer: (spans: number) => Posted | Promise<Posted>) {
  const timers: { ms: number; run: () => void }[] = [];
  const posted: string[][] = [];
  const said: string[] = [];
  const kept: string[][] = [];
  const at = { now: 0 };
  let tried: (tried: Tried) => void = () => undefined;
  const namesIn = (document: object) => {
    const { resourceSpans } = document as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };
    return resourceSpans.flatMap((each) => each.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
  };
  const queue = createSpanQueue({
    receiver: {
      post(signal, document) {
        assert.equal(signal, 'traces');
        const names = namesIn(document);
        posted.push(names);
        return Promise.resolve(answer(names.length));
      },
      postText: () => assert.fail('what is kept is sent by the deliveries'),
    },
    kept: {
      put: (document) => Promise.resolve(void kept.push(namesIn(document))),
      onTried(listener) {
        tried = listener;
        return () => undefined;
      },
    },
    clock: {
      now: () => at.now,
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
  return { queue, posted, kept, said, at, elapse, take, tell: (each: Tried) => tried(each) };
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

test('what a collector that is away does not take is kept, in order, and it is asked ever more rarely; that is said once', async () => {
  let answer: Posted = { kind: 'again', why: 'status 503', afterMs: undefined };
  const { queue, posted, kept, said, at, elapse, take, tell } = world(() => answer);
  const asked: number[] = [];
  for (let each = 0; each < 8; each += 1) {
    take(`s${each}`);
    const before = posted.length;
    await elapse();
    if (posted.length > before) asked.push(at.now);
    at.now += 1_000;
  }
  assert.deepEqual(asked, [0, 1_000, 3_000, 7_000]);
  assert.deepEqual(
    kept,
    ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7'].map((name) => [name]),
  );
  assert.deepEqual([said, queue.counts], [['traces are not taken'], { sent: 0, dropped: 0, waiting: 0 }]);
  tell({ kind: 'arrived', spans: 3 });
  answer = { kind: 'taken' };
  take('b');
  await elapse();
  assert.deepEqual(posted.at(-1), ['b'], 'what was kept has arrived, so that it is there');
  assert.deepEqual([said.at(-1), queue.counts], ['traces are taken again', { sent: 4, dropped: 0, waiting: 0 }]);
  answer = { kind: 'again', why: 'status 429', afterMs: 60_000 };
  take('c');
  await elapse();
  at.now += 59_000;
  take('d');
  await elapse();
  assert.deepEqual([posted.at(-1), kept.at(-1)], [['c'], ['d']], 'as long as it asks for');
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

test('the end of the broker sends what there is, once, and keeps what is not taken', async () => {
  const { queue, posted, kept, take } = world(() => ({ kind: 'again', why: 'status 503', afterMs: undefined }));
  take('a');
  await queue.close();
  take('late');
  assert.deepEqual([posted, kept, queue.counts], [[['a']], [['a']], { sent: 0, dropped: 0, waiting: 0 }]);
});
