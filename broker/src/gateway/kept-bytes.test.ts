// What a caller's own words may take of the memory where they are kept: bounded for each person, however many sessions they open.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { fixtureServer } from '../upstreams/fixtures/pool.ts';
import { modernMeta } from './fixtures/modern-client.ts';
import { ada, bob, startWorld } from './fixtures/gateway-world.ts';
import { createParkedCalls } from './edges/modern/parked-calls.ts';

const MIB = 1024 * 1024;

describe('the resources that a person follows', () => {
  it('are bounded in bytes over all sessions and streams, and others follow on; who unsubscribes has room again', async (t) => {
    const world = await startWorld({ fix: fixtureServer(['follows']) });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const uri = (n: number) => `fix+doc:${String(n).padStart(8_000, 'x')}`;
    const follow = (client: ReturnType<typeof world.connect>, n: number) =>
      client.request('resources/subscribe', { uri: uri(n) });
    let taken = 0;
    for (let session = 0; session < 4; session++) {
      const client = world.connect(ada);
      const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => follow(client, session * 1_000 + n)));
      taken += answers.filter(({ error }) => error === undefined).length;
    }
    assert.ok(taken > 400 && taken * 8_000 <= 5 * MIB, `${taken} resources`);
    const last = world.connect(ada);
    assert.match((await follow(last, 9_999)).error?.message ?? '', /unsubscribe from some/);
    const notifications = { resourceSubscriptions: [uri(10_000)] };
    const listen = {
      jsonrpc: '2.0',
      id: 'l',
      method: 'subscriptions/listen',
      params: { notifications, _meta: modernMeta() },
    };
    last.raw(JSON.stringify(listen));
    const heard = await last.next(({ method }) => method === 'notifications/subscriptions/acknowledged');
    assert.deepEqual(heard.params?.['notifications'], {});
    assert.deepEqual((await follow(world.connect(bob), 1)).result, {});
  });
});

describe('calls that wait for their client', () => {
  it('keep so many bytes of a login: one more waits no longer for it, and another login’s does', async () => {
    const parked = createParkedCalls({ clock: steppedClock(), log: { debug: () => undefined } });
    const ask = async (owner: string, sessionKey: string, bytes: number): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<string>();
      parked.begin({
        sessionKey,
        owner,
        bound: async () => 'the same',
        bytes: () => bytes,
        waiter: { answer: ({ text }) => resolve(text), tell: () => undefined, end: () => resolve('ended') },
        signal: new AbortController().signal,
        async run(handle) {
          handle.sentTo('asks');
          const question = { server: 'asks', method: 'elicitation/create', paramsText: '{}', signal: handle.signal };
          const { text } = await parked.ask(sessionKey, question);
          return { kind: 'result', text };
        },
      });
      return promise;
    };
    assert.match(await ask('eve', 'a', 60 * MIB), /input_required/, 'a single one may be long');
    assert.match(await ask('eve', 'b', MIB), /too many calls wait/);
    for (let n = 0; n < 3; n++) assert.match(await ask('bob', `c${n}`, 10 * MIB), /input_required/);
    assert.match(await ask('bob', 'd', 10 * MIB), /too many calls wait/);
    await Promise.all(['a', 'c0', 'c1', 'c2'].map((key) => parked.end(key, 'over')));
    assert.match(await ask('bob', 'e', 10 * MIB), /input_required/);
    await parked.end('e', 'over');
  });
});
