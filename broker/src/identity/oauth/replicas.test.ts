// Several brokers over one database, each with a lock of its own only: what may be used once is used once, whoever of them is asked.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Store } from '../../store/store.ts';
import { createIdentityWorld, type Answer } from '../fixtures/identity-world.ts';

/** Nobody goes on before all have come: so each has read what is there before anybody has used it up. */
function meetingOf(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting === count) resolve();
    return promise;
  };
}

/** Two brokers that meet before they use up anything of `kind`. */
async function open(t: TestContext, kind: string) {
  const world = await createIdentityWorld();
  t.after(() => world.close());
  const { oauth } = world.store;
  const meet = meetingOf(2);
  const slow: Store = {
    ...world.store,
    oauth: {
      ...oauth,
      async consume(...[of, idHash, at]) {
        if (of === kind) await meet();
        return oauth.consume(of, idHash, at);
      },
    },
  };
  return { world, brokers: [await world.replica(slow), await world.replica(slow)] as const };
}

const given = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200);

test('a refresh token that two brokers are asked for at the same instant is used up by one of them', async (t) => {
  const { world, brokers } = await open(t, 'RefreshToken');
  const { laptop, tokens } = await world.logIn(await world.addUser());
  const answers = await Promise.all(brokers.map((at) => laptop.refresh(tokens.refresh_token, at)));
  const [winner] = given(answers);
  assert.ok(winner !== undefined, JSON.stringify(answers.map(({ error }) => error)));
  for (const answer of answers) {
    // The other one gives the same pair, or asks to be asked again; it logs nobody out.
    if (answer.status === 200) assert.deepEqual(answer, winner, 'one token is used up for one pair');
    else assert.equal(answer.error, 'temporarily_unavailable');
  }
  assert.deepEqual(await laptop.refresh(tokens.refresh_token), winner);
  assert.equal((await laptop.refresh(winner.refresh_token)).status, 200);
});

test('a thief who asks the other broker at the same instant gets no second pair', async (t) => {
  const { world, brokers } = await open(t, 'RefreshToken');
  const { laptop, tokens } = await world.logIn(await world.addUser());
  const asked = [
    laptop.refresh(tokens.refresh_token, brokers[0]),
    world.device().refresh(tokens.refresh_token, brokers[1]),
  ];
  assert.equal(given(await Promise.all(asked)).length, 1);
});

test('the code of a device that two brokers are asked for at the same instant gives one login', async (t) => {
  const { world, brokers } = await open(t, 'DeviceCode');
  const started = await world.device().start();
  await world.identity.approveDevice('default', started.user_code ?? '', await world.addUser(), {
    name: 'host:root',
    address: null,
  });
  const answers = await Promise.all(
    brokers.map((at) =>
      world.post(
        '/oauth/token',
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          client_id: 'mcpgate-cli',
          device_code: started.device_code ?? '',
        },
        at,
      ),
    ),
  );
  assert.equal(given(answers).length, 1, JSON.stringify(answers.map(({ error }) => error)));
});
