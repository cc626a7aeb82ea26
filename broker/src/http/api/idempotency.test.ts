// Requests that come twice, at one broker and at two, and those whose broker is gone.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { pino } from 'pino';
import type { Caller } from '../../admin/operation.ts';
import { createIdentityWorld, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { createIdempotency } from './idempotency.ts';

const caller = (id: string): Caller => ({
  actor: { name: id, address: null },
  ...{ role: 'admin', workspaceId: 'default', homeWorkspaceId: 'default' },
  credential: { kind: 'admin-token', id, label: id },
});

suite('a request with an idempotency key', () => {
  let world: IdentityWorld;
  let count = 0;
  before(async () => {
    world = await createIdentityWorld();
  });
  after(() => world.close());

  const at = (clock: Clock, holder: string) =>
    createIdempotency({ store: world.store, vault: world.vault, clock, holder, log: pino({ level: 'silent' }) });
  const request = (key: string, body: unknown = { name: 'ada' }, url = '/api/v1/users') =>
    ({ method: 'POST', url, body, headers: { 'idempotency-key': key } }) as unknown as FastifyRequest;
  const newKey = () => `key-${(count += 1)}`;

  test('is carried out once, and answered twice, by whichever broker; each caller has keys of their own', async () => {
    const clock = steppedClock();
    const [one, two] = [at(clock, 'one'), at(clock, 'two')];
    const key = newKey();
    let runs = 0;
    const work = () => Promise.resolve({ token: 'mcg_once', run: (runs += 1) });
    const first = await one.run(request(key), caller('a'), work);
    const second = await two.run(request(key), caller('a'), work);
    assert.deepEqual(
      [first, second].map(({ answer, isReplayed }) => ({ answer, isReplayed })),
      [
        { answer: { token: 'mcg_once', run: 1 }, isReplayed: false },
        { answer: { token: 'mcg_once', run: 1 }, isReplayed: true },
      ],
    );
    assert.equal((await two.run(request(key), caller('b'), work)).isReplayed, false);
    assert.ok(!world.databaseText().includes('mcg_once'), 'the store does not show it');
    for (const other of [request(key, { name: 'eve' }), request(key, { name: 'ada' }, '/api/v1/groups')])
      await assert.rejects(one.run(other, caller('a'), work), { code: 'key_reused' });
    clock.advance(24 * 3_600_000);
    assert.equal((await one.run(request(key), caller('a'), work)).isReplayed, false, 'after a day it is a new one');
  });

  test('that comes twice at once is carried out once: the other one is told that it is under way', async () => {
    const clock = steppedClock();
    const [one, two] = [at(clock, 'one'), at(clock, 'two')];
    const key = newKey();
    const go = Promise.withResolvers<string>();
    let runs = 0;
    const work = () => {
      runs += 1;
      return go.promise;
    };
    const tries = Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? one : two).run(request(key), caller('a'), work),
    );
    const settled = tries.map((each) =>
      each.then(
        () => 'done',
        (error: unknown) => (error instanceof GateError ? error.code : 'x'),
      ),
    );
    const refused = async (): Promise<void> => {
      const known = await Promise.all(settled.map((each) => Promise.race([each, Promise.resolve('waits')])));
      if (known.filter((each) => each === 'conflict').length < 9) await new Promise(setImmediate).then(refused);
    };
    await refused();
    go.resolve('made');
    assert.deepEqual((await Promise.all(settled)).toSorted(), [...Array<string>(9).fill('conflict'), 'done']);
    assert.equal(runs, 1);
    const { answer, isReplayed } = await two.run(request(key), caller('a'), work);
    assert.deepEqual([answer, isReplayed], ['made', true]);
  });

  test('whose broker was killed is not known to be done, and is not done again; one that goes on for long is under way', async () => {
    const clock = steppedClock();
    const [slow, next] = [at(clock, 'slow'), at(clock, 'next')];
    const [dead, long] = [newKey(), newKey()];
    const { store } = world;
    let hasBegun = 0;
    const never = () => {
      hasBegun += 1;
      return new Promise(() => undefined);
    };
    // The killed one never writes anything again: its clock stands still.
    const stopped: Clock = { now: () => clock.now(), after: () => () => undefined };
    void at(stopped, 'killed').run(request(dead), caller('a'), never);
    void slow.run(request(long), caller('a'), never);
    while (hasBegun < 2) await new Promise(setImmediate);
    const work = () => Promise.reject(new Error('it was carried out again'));
    for (let time = 0; time < 6; time++) {
      clock.advance(20_000);
      await store.idempotentRequests.count('x'); // what the clock has begun stands in the store behind it
    }
    await assert.rejects(next.run(request(dead), caller('a'), work), { code: 'conflict', message: /not known/ });
    await assert.rejects(next.run(request(long), caller('a'), work), {
      code: 'conflict',
      message: /carried out; ask again/,
    });
  });

  test('that failed for certain may come again, and one that may have been done does not run again', async () => {
    const clock = steppedClock();
    const one = at(clock, 'one');
    const [certain, doubtful] = [newKey(), newKey()];
    const failing = (code: 'not_found' | 'internal') => () => Promise.reject(new GateError(code, 'no'));
    await assert.rejects(one.run(request(certain), caller('a'), failing('not_found')), { code: 'not_found' });
    assert.equal((await one.run(request(certain), caller('a'), () => Promise.resolve(1))).isReplayed, false);
    await assert.rejects(one.run(request(doubtful), caller('a'), failing('internal')), { code: 'internal' });
    await assert.rejects(
      one.run(request(doubtful), caller('a'), () => Promise.resolve(1)),
      { message: /not known/ },
    );
  });

  test('is refused where the key is none, and one without a key runs each time', async () => {
    const one = at(steppedClock(), 'one');
    for (const key of ['', 'x'.repeat(256), 'ü', 'a\tb'])
      await assert.rejects(
        one.run(request(key), caller('a'), () => Promise.resolve(1)),
        { code: 'usage' },
      );
    const bare = { ...request('x'), headers: {} } as FastifyRequest;
    for (let run = 0; run < 2; run++)
      assert.equal((await one.run(bare, caller('a'), () => Promise.resolve(1))).isReplayed, false);
  });
});
