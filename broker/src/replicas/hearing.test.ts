import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createHearing } from './hearing.ts';

/** What has ended is heard of. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** `catchUps`: each ends as its test says. */
function open(t: TestContext) {
  const clock = steppedClock();
  const catchUps: { done: (ended: number) => void; fail: () => void }[] = [];
  const said: string[] = [];
  const hearing = createHearing({
    clock,
    catchUp: () =>
      new Promise((resolve, reject) => {
        catchUps.push({ done: resolve, fail: () => reject(new Error('the store is away')) });
      }),
    onFailed: () => said.push('failed'),
    onDeaf: (why) => said.push(`deaf: ${why}`),
    onCaughtUp: ({ wasDeaf, deafMs, ended }) => said.push(`caught up: ${wasDeaf} ${deafMs} ${ended}`),
  });
  t.after(() => hearing.close());
  const next = async (how: 'done' | 'fail', ended = 0) => {
    const running = catchUps.shift();
    assert.ok(running, 'it is catching up');
    if (how === 'done') running.done(ended);
    else running.fail();
    await turn();
  };
  return { clock, hearing, said, catchUps, next };
}

test('a connection that is back within a second does not make the broker deaf, but everything is read again', async (t) => {
  const { clock, hearing, said, next } = open(t);
  hearing.lost(clock.now(), 'cut');
  clock.advance(900);
  hearing.found();
  assert.equal(hearing.isDeaf, false);
  await next('done', 1);
  clock.advance(10_000);
  assert.equal(hearing.isDeaf, false);
  assert.deepEqual(said, ['caught up: false 900 1']);
});

test('after a second without hearing it is deaf, and stays so until it has read everything again', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.lost(clock.now() - 400, 'cut');
  clock.advance(599);
  assert.equal(hearing.isDeaf, false);
  clock.advance(1);
  assert.equal(hearing.isDeaf, true, 'the silence before it was noticed counts');
  assert.equal(catchUps.length, 0, 'what would be read now may be old again at once');
  hearing.found();
  assert.equal(hearing.isDeaf, true);
  await next('fail');
  assert.equal(hearing.isDeaf, true, 'the store is not there');
  clock.advance(100);
  await turn();
  await next('done', 2);
  assert.equal(hearing.isDeaf, false);
  assert.deepEqual(said, ['deaf: cut', 'failed', 'caught up: true 1100 2']);
});

test('where the bus is lost again during the reading, everything is read once more when it is back', async (t) => {
  const { clock, hearing, catchUps, next } = open(t);
  hearing.lost(clock.now(), 'cut');
  hearing.found();
  hearing.lost(clock.now(), 'cut again');
  await next('done');
  clock.advance(1_000);
  assert.equal(hearing.isDeaf, true);
  hearing.found();
  await next('done');
  assert.equal(hearing.isDeaf, false);
  assert.equal(catchUps.length, 0);
});

test('something missed is made up for while it hears; many at once are made up for twice at the most', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  for (let number = 0; number < 50; number++) hearing.missed('a broker was killed');
  await next('done');
  await next('done');
  assert.equal(catchUps.length, 0);
  clock.advance(5_000);
  assert.equal(hearing.isDeaf, false);
  assert.deepEqual(said, ['caught up: false 0 0']);
});

test('where it cannot be made up for within a second, it counts as not heard', async (t) => {
  const { clock, hearing, next } = open(t);
  hearing.missed('a broker was killed');
  await next('fail');
  clock.advance(1_000);
  assert.equal(hearing.isDeaf, true);
  await turn();
  await next('done');
  assert.equal(hearing.isDeaf, false);
});

test('while the store is away it is asked ever more rarely, and every five seconds at the least', async (t) => {
  const { clock, hearing, catchUps, next } = open(t);
  hearing.missed('a broker was killed');
  for (const pauseMs of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
    await next('fail');
    clock.advance(pauseMs - 1);
    await turn();
    assert.equal(catchUps.length, 0, `before ${pauseMs} ms`);
    clock.advance(1);
    await turn();
    assert.equal(catchUps.length, 1, `after ${pauseMs} ms`);
  }
  await next('done');
  assert.equal(hearing.isDeaf, false);
});

test('without a doubt nothing is read again, and while it does not hear neither', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.found();
  assert.equal(catchUps.length, 0);
  hearing.lost(clock.now(), 'cut');
  hearing.missed('something else');
  assert.equal(catchUps.length, 0, 'it would be old again at once');
  hearing.found();
  assert.equal(catchUps.length, 1);
  hearing.lost(clock.now(), 'cut again');
  await next('fail');
  clock.advance(100);
  await turn();
  assert.equal(catchUps.length, 0, 'lost again: nothing is tried until it is found');
  clock.advance(900);
  assert.deepEqual(said, ['failed', 'deaf: cut']);
});

test('the first doubt is what it tells of, and the next one is a doubt of its own', async (t) => {
  const { clock, hearing, said, next } = open(t);
  hearing.missed('first');
  clock.advance(600);
  hearing.missed('second');
  clock.advance(400);
  assert.deepEqual(said, ['deaf: first']);
  await next('done', 1);
  await next('done', 1);
  hearing.missed('third');
  clock.advance(1_000);
  await next('done');
  assert.deepEqual(said, ['deaf: first', 'caught up: true 1000 2', 'deaf: third', 'caught up: true 1000 0']);
});

test('one that was closed is not deaf, and tries nothing again', async (t) => {
  for (const doubtsBefore of [true, false]) {
    const { clock, hearing, said } = open(t);
    if (doubtsBefore) hearing.lost(clock.now(), 'cut');
    hearing.close();
    if (!doubtsBefore) hearing.lost(clock.now(), 'cut');
    clock.advance(10_000);
    hearing.found();
    assert.equal(hearing.isDeaf, false);
    assert.deepEqual(said, []);
  }
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.missed('a broker was killed');
  hearing.close();
  await next('fail');
  clock.advance(10_000);
  await turn();
  assert.deepEqual([said, catchUps.length], [['failed'], 0]);
});

test('one that was closed while it read everything tells nothing of it, and does not begin to read again', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.missed('a broker was killed');
  hearing.missed('another one');
  hearing.close();
  await next('done', 1);
  hearing.missed('after the end');
  hearing.found();
  clock.advance(10_000);
  await turn();
  assert.deepEqual([said, catchUps.length, hearing.isDeaf], [[], 0, false]);
});

test('one that is closed in a pause does not try again after it', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.missed('a broker was killed');
  await next('fail');
  hearing.close();
  clock.advance(10_000);
  await turn();
  assert.deepEqual([said, catchUps.length], [['failed'], 0]);
});

test('after a failure it waits as short as ever again, and tells of all that was revoked meanwhile', async (t) => {
  const { clock, hearing, said, catchUps, next } = open(t);
  hearing.missed('a broker was killed');
  for (const pauseMs of [100, 200]) {
    await next('fail');
    clock.advance(pauseMs);
    await turn();
  }
  hearing.missed('another one');
  await next('done', 1);
  await next('fail');
  clock.advance(99);
  await turn();
  assert.equal(catchUps.length, 0);
  clock.advance(1);
  await turn();
  await next('done', 2);
  assert.deepEqual(said, ['failed', 'failed', 'failed', 'caught up: false 400 3']);
});

test('time for which the process was busy is no deafness, but for three seconds at the most', async (t) => {
  const { clock, hearing, said, next } = open(t);
  hearing.missed('a broker was killed');
  clock.sleep(1_500);
  clock.advance(200);
  clock.sleep(1_000);
  assert.equal(hearing.isDeaf, false, 'of 2.7 s it had 0.4 to read');
  await next('done');
  assert.deepEqual(said, ['caught up: false 2700 0'], 'nobody was refused');

  hearing.missed('another one');
  clock.sleep(2_000);
  clock.advance(800);
  assert.equal(hearing.isDeaf, false);
  clock.sleep(300);
  clock.advance(0);
  assert.equal(hearing.isDeaf, true, 'longer than three seconds nobody can say that it hears, however busy it is');
});

test('a process that was stopped while its bus was away is deaf as soon as it has had a second in which it heard nothing', async (t) => {
  const { clock, hearing, catchUps, next } = open(t);
  hearing.lost(clock.now(), 'cut');
  clock.sleep(1_000);
  clock.advance(899);
  assert.equal(hearing.isDeaf, false);
  clock.advance(101);
  assert.equal(hearing.isDeaf, true);
  assert.equal(catchUps.length, 0);
  hearing.found();
  await next('done');
  assert.equal(hearing.isDeaf, false);
});
