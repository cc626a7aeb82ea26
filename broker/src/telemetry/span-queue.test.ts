// A collector that is away, hangs or refuses costs no call anything, and no more memory than there is room for; what it does not have stays in the database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tried } from './kept-spans.ts';
import type { CallFacts } from './span-facts.ts';
import { createSpanQueue } from './span-queue.ts';
import type { Posted } from './otlp-receiver.ts';

const maker = { version: '1', host: 'here' };

/** A call without sendings: it has one span, which is named as it. */
const callOf = (name: string): CallFacts => ({
  ...{ maker, trace: 'a'.repeat(32), span: 'b'.repeat(16), method: name, from: 0, until: 1, call: 'c' },
  ...{ workspace: 'default', decision: 'allow', status: 'ok', asked: 0, answered: 0, sent: [] },
});

/** Time that a test moves by running what waits for it. */
function world(answer: (spans: number) => Posted | Promise<Posted>) {
  const timers: { ms: number; run: () => void }[] = [];
  const posted: string[][] = [];
  const said: string[] = [];
  const kept: string[][] = [];
  const inDatabase = new Map<number, string>();
  const at = { now: 0, isFull: false, seq: 0 };
  let tried: (tried: Tried) => void = () => undefined;
  const namesIn = (json: string) => {
    const { resourceSpans } = JSON.parse(json) as {
      resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
    };
    return resourceSpans.flatMap((each) => each.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
  };
  const queue = createSpanQueue({
    receiver: {
      postText(signal, json) {
        assert.equal(signal, 'traces');
        const names = namesIn(json);
        posted.push(names);
        return Promise.resolve(answer(names.length));
      },
    },
    kept: {
      put: (json) => (at.isFull ? Promise.reject(new Error('full')) : Promise.resolve(void kept.push(namesIn(json)))),
      onTried(listener) {
        tried = listener;
        return () => undefined;
      },
    },
    store: {
      remove(chain, seqs) {
        assert.equal(chain, 'own');
        for (const seq of seqs) inDatabase.delete(seq);
        return Promise.resolve();
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
    ...{ maker, random: () => 1 },
  });
  const elapse = async () => {
    for (const { run } of timers.splice(0)) run();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  const take = (...names: string[]) => {
    for (const name of names) {
      const row = { chain: 'own', seq: (at.seq += 1) };
      inDatabase.set(row.seq, name);
      queue.take({ facts: callOf(name), row });
    }
  };
  const left = () => [...inDatabase.values()];
  const held = () => [...inDatabase.keys()].filter((seq) => queue.isHeld({ chain: 'own', seq })).length;
  return { queue, posted, kept, said, at, elapse, take, left, held, tell: (each: Tried) => tried(each) };
}

test('spans are sent together, and in parts where there are many; they go from the database when the collector has them', async () => {
  const { queue, posted, elapse, take, left } = world(() => ({ kind: 'taken' }));
  take('a', 'b');
  assert.deepEqual(posted, [], 'nothing is sent while calls are under way');
  assert.deepEqual(left(), ['a', 'b']);
  await elapse();
  assert.deepEqual([posted, left()], [[['a', 'b']], []]);
  take(...Array.from({ length: 300 }, (_each, index) => `s${index}`));
  await elapse();
  assert.deepEqual(
    posted.slice(1).map(({ length }) => length),
    [256, 44],
  );
  assert.deepEqual([queue.counts, left()], [{ sent: 302, dropped: 0, waiting: 0 }, []]);
});

test('what a collector that is away does not take is kept, in order, and it is asked ever more rarely; that is said once', async () => {
  let answer: Posted = { kind: 'again', why: 'status 503', afterMs: undefined };
  const { queue, posted, kept, said, at, elapse, take, tell, left } = world(() => answer);
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
  assert.deepEqual(left(), [], 'the deliveries have them');
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

test('what is refused is not sent again', async () => {
  const { queue, elapse, take, left } = world(() => ({ kind: 'lost', why: 'status 400' }));
  take('a');
  await elapse();
  assert.deepEqual([queue.counts, left()], [{ sent: 0, dropped: 1, waiting: 0 }, []]);
});

test('what there is no room for in memory, or in the queue of deliveries, stays in the database, and is nobody’s there', async () => {
  const hanging = world(() => new Promise<Posted>(() => undefined));
  hanging.take('first');
  await hanging.elapse();
  hanging.take(...Array.from({ length: 5_000 }, (_each, index) => `s${index}`));
  assert.deepEqual(hanging.queue.counts, { sent: 0, dropped: 0, waiting: 4_096 });
  assert.deepEqual([hanging.left().length, hanging.held()], [5_001, 4_096]);

  const { queue, said, at, elapse, take, left, held } = world(() => ({
    kind: 'again',
    why: '503',
    afterMs: undefined,
  }));
  at.isFull = true;
  take('a');
  assert.equal(held(), 1);
  await elapse();
  assert.deepEqual([queue.counts, left(), held()], [{ sent: 0, dropped: 0, waiting: 0 }, ['a'], 0]);
  assert.deepEqual(said.slice(1), ['traces stay in the database, and are sent from there']);
});

test('the end of the broker sends what there is, once, and keeps what is not taken; what ends later stays in the database', async () => {
  const { queue, posted, kept, take, left, held } = world(() => ({ kind: 'again', why: '503', afterMs: undefined }));
  take('a');
  await queue.close();
  take('late');
  assert.deepEqual([posted, kept, queue.counts], [[['a']], [['a']], { sent: 0, dropped: 0, waiting: 0 }]);
  assert.deepEqual([left(), held()], [['late'], 0]);
});
