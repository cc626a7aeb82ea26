import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { fixtureServer, foldingServer, toldServer } from '../../upstreams/fixtures/pool.ts';
import { modernMeta } from '../fixtures/modern-client.ts';
import { ada, bob, startWorld, type Message } from '../fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

const isNotice = ({ method }: Message) => method !== undefined;
const UPDATED = 'notifications/resources/updated';
const isUpdate = ({ method }: Message) => method === UPDATED;

describe('a server that tells of a resource', () => {
  it('says nothing of its followers to who may not use it, and loses none to who does not follow', async () => {
    world = await startWorld({ svc: foldingServer() });
    await world.rule('allow', 'user:ada', '*');
    await world.rule('allow', 'user:bob', 'resource:file:///pub/*');
    const [one, other] = [world.connect(ada), world.connect(bob)];
    for (const uri of ['svc+file:///secret/key', 'svc+file:///pub/a'])
      assert.equal((await one.request('resources/subscribe', { uri })).error, undefined);
    const leaving = async (uri: string) => {
      const { error, result } = await other.request('resources/unsubscribe', { uri });
      if (error === undefined) return result;
      const words = error.message.replaceAll(uri.slice('svc+'.length), 'URI').replaceAll(/\bq_[a-z0-9]{8}\b/g, 'ID');
      return [error.code, words];
    };
    const followed = await leaving('svc+file:///secret/key');
    assert.deepEqual(followed, await leaving('svc+file:///secret/other'));
    assert.match(JSON.stringify(followed), /-32010/);
    assert.deepEqual(await leaving('svc+file:///pub/a'), {});
    const texts = await world.receivedTexts('svc').catch(() => []);
    assert.ok(!texts.some((line) => line.includes('resources/unsubscribe')));
  });

  it('before it answers who wants to follow it is heard by the session that asked; one that was refused hears nothing later', async () => {
    world = await startWorld({ fix: fixtureServer(['follows', 'tells-at-once']) });
    await world.rule('allow', '*', '*');
    const [one, other] = [world.connect(ada), world.connect(bob)];
    assert.deepEqual((await one.request('resources/subscribe', { uri: 'fix+doc:1' })).result, {});
    assert.deepEqual((await one.next(isUpdate)).params, { uri: 'fix+doc:1' });

    assert.match(
      (await one.request('resources/subscribe', { uri: 'fix+doc:secret' })).error?.message ?? '',
      /not yours/,
    );
    const heard = one.texts.length;
    await other.request('resources/subscribe', { uri: 'fix+doc:secret' });
    assert.deepEqual(one.texts.slice(heard), []);
  });

  it(
    'before it answers is heard on the stream of a client of 2026-07-28, once that was told what it will hear',
    { timeout: 20_000 },
    async () => {
      world = await startWorld({ fix: fixtureServer(['follows', 'tells-at-once']) });
      await world.rule('allow', '*', '*');
      const client = world.connect(ada);
      const notifications = { resourceSubscriptions: ['fix+doc:1', 'fix+doc:secret'] };
      client.raw(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 'all',
          method: 'subscriptions/listen',
          params: { notifications, _meta: modernMeta() },
        }),
      );
      const heard = [await client.next(isNotice), await client.next(isNotice)];
      assert.deepEqual(
        heard.map(({ method, params }) => [method, params?.['notifications'] ?? params?.['uri']]),
        [
          ['notifications/subscriptions/acknowledged', { resourceSubscriptions: ['fix+doc:1'] }],
          ['notifications/resources/updated', 'fix+doc:1'],
        ],
      );
    },
  );

  it('is heard about what is a part of what is followed, by both generations, where the rules allow that', async () => {
    world = await startWorld({ told: toldServer({ capabilities: { resources: { subscribe: true } } }) });
    await world.rule('allow', '*', '*');
    await world.rule('deny', '*', 'resource:file:///dir/secret*');
    const [client, modern] = [world.connect(ada), world.connect(bob)];
    assert.deepEqual((await client.request('resources/subscribe', { uri: 'told+file:///dir' })).result, {});
    const notifications = { resourceSubscriptions: ['told+file:///dir/'] };
    const params = { notifications, _meta: modernMeta() };
    modern.raw(JSON.stringify({ jsonrpc: '2.0', id: 'all', method: 'subscriptions/listen', params }));
    await modern.next(({ method }) => method === 'notifications/subscriptions/acknowledged');
    const uris = ['/other', '/directory', '/dir/secret', '/dir/a', '/dir?q', '/dir'].map((path) => `file://${path}`);
    const lines = uris.map((uri) => JSON.stringify({ jsonrpc: '2.0', method: UPDATED, params: { uri } }));
    await client.call('told__say', { lines });
    const heard = (texts: readonly string[]) =>
      texts
        .map((text) => JSON.parse(text) as Message)
        .filter(isUpdate)
        .map(({ params: told }) => told?.['uri']);
    assert.deepEqual(heard(client.texts), ['told+file:///dir/a', 'told+file:///dir?q', 'told+file:///dir']);
    assert.deepEqual(heard(modern.texts), ['told+file:///dir/a']);

    await world.rule('deny', '*', 'resource:file:///dir');
    await client.call('told__say', { lines });
    assert.equal(heard(client.texts).filter((uri) => uri === 'told+file:///dir').length, 1, 'rules hold from now on');
  });

  it('is not heard where the rules deny it', async () => {
    world = await startWorld({ fix: fixtureServer(['follows', 'tells-at-once']) });
    await world.rule('allow', '*', 'resource:doc:1');
    const client = world.connect(ada);
    assert.notEqual((await client.request('resources/subscribe', { uri: 'fix+doc:2' })).error, undefined);
    await client.request('resources/subscribe', { uri: 'fix+doc:1' });
    assert.deepEqual((await client.next(isUpdate)).params, { uri: 'fix+doc:1' });
    assert.deepEqual(
      (await world.received('fix', 'resources/subscribe')).map(({ params }) => params),
      [{ uri: 'doc:1' }],
    );
  });
});
