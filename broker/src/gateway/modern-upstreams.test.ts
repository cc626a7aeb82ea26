import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'node:test';
import { createModernEvents, type ModernEvents } from 'mcpgate-test/upstreams/modern-events';
import { startModernHttp } from 'mcpgate-test/upstreams/modern-http';
import { until } from 'mcpgate-test/world/until';
import { connectSessionClient } from 'mcpgate-test/world/clients/session-client';
import type { Transport } from '../domain/transports/transports.ts';
import { ada, bob, startWorld } from './fixtures/gateway-world.ts';

const STDIO = fileURLToPath(import.meta.resolve('mcpgate-test/upstreams/modern-stdio'));

let world: Awaited<ReturnType<typeof startWorld>>;
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await world.end();
  for (const each of cleanUp.splice(0)) await each();
});

async function startHttp(events?: ModernEvents): Promise<Transport> {
  const upstream = await startModernHttp(events === undefined ? {} : { events });
  cleanUp.push(() => upstream.close());
  return { kind: 'http', url: upstream.url, headers: {} };
}

const clientOf = (principal = ada) =>
  connectSessionClient((send) => {
    const session = world.gateway.open({ principal, send });
    return { receive: (text) => session.receive(text), close: () => session.close('over') };
  });

for (const way of ['stdio', 'HTTP'] as const) {
  describe(`a client of before on a server of 2026-07-28 over ${way}`, () => {
    const begin = async () => {
      const transport: Transport =
        way === 'HTTP' ? await startHttp() : { kind: 'stdio', command: process.execPath, args: [STDIO], env: {} };
      // On a busy machine it takes longer to start than a client is kept waiting.
      world = await startWorld({ new: transport }, { gateway: { listDeadlineMs: 60_000 } });
      await world.enforcement('off');
    };

    it('lists, calls, reads and gets progress as ever', async () => {
      await begin();
      const client = await clientOf();
      const { tools } = await client.sdk.listTools();
      assert.ok(tools.some(({ name }) => name === 'new__echo'));
      assert.equal(await client.call('new__echo', { text: 'hello' }), 'hello');
      const { resourceTemplates } = await client.sdk.listResourceTemplates();
      assert.deepEqual(
        resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        ['new+note:{name}'],
      );
      const { contents } = await client.sdk.readResource({ uri: 'new+note:a' });
      assert.deepEqual(contents, [{ uri: 'new+note:a', text: 'a note' }]);
      const steps: number[] = [];
      const onprogress = ({ progress }: { progress: number }) => void steps.push(progress);
      await client.sdk.callTool({ name: 'new__progress' }, undefined, { onprogress });
      assert.deepEqual(steps, [1]);
      assert.ok(await client.sdk.ping());
      await client.sdk.close();
    });

    it('is asked for what the server needs, on a connection that people share, and nobody else is', async () => {
      await begin();
      const [one, other] = [await clientOf(), await clientOf(bob)];
      assert.equal(await one.call('new__ask'), 'Ada: {"type":"text","text":"roses"} at file:///here');
      assert.deepEqual(one.heard.toSorted(), ['elicitation: Who are you?', 'roots', 'sampling']);
      assert.deepEqual(other.heard, []);
      const [record] = await world.calls();
      assert.deepEqual([record?.tool_name, record?.status, record?.input_rounds], ['new__ask', 'ok', 1]);
      assert.deepEqual(record?.input_asked, ['elicitation', 'roots', 'sampling']);
      await one.sdk.close();
      await other.sdk.close();
    });

    it('hears the log of its own calls from the level that it asked for on', async () => {
      await begin();
      const [one, other] = [await clientOf(), await clientOf(bob)];
      await one.sdk.setLoggingLevel('warning');
      await one.call('new__log');
      await one.hears('log: a warning of this call');
      await one.sdk.setLoggingLevel('critical');
      await one.call('new__log');
      assert.deepEqual([one.heard.length, other.heard.length], [1, 0]);
      await one.sdk.close();
      await other.sdk.close();
    });

    it('hears of changed lists, and of the resources that it follows', async () => {
      await begin();
      const [one, other] = [await clientOf(), await clientOf(bob)];
      await one.sdk.listTools();
      await one.sdk.subscribeResource({ uri: 'new+note:a' });
      await one.call('new__touch', { uri: 'note:b' });
      await one.call('new__touch', { uri: 'note:a' });
      await one.hears('updated: new+note:a');
      const told = one.heard.filter((each) => each === 'tools changed').length;
      await one.call('new__grow');
      await one.hears('tools changed', told + 1);
      // A notice of before, of the server that became ready, may have come only now.
      await until('the new tool is listed', async () =>
        (await one.sdk.listTools()).tools.some(({ name }) => name === 'new__grown'),
      );
      await one.sdk.unsubscribeResource({ uri: 'new+note:a' });
      await one.call('new__touch', { uri: 'note:a' });
      assert.deepEqual(
        one.heard.filter((each) => each.startsWith('updated')),
        ['updated: new+note:a'],
      );
      assert.deepEqual(other.heard, []);
      await one.sdk.close();
      await other.sdk.close();
    });

    it('cancels a call, and the record says so', async () => {
      await begin();
      const client = await clientOf();
      await client.sdk.listTools();
      const controller = new AbortController();
      const hanging = client.sdk.callTool({ name: 'new__hang' }, undefined, { signal: controller.signal });
      assert.equal(await client.call('new__echo', { text: 'meanwhile' }), 'meanwhile');
      controller.abort();
      await assert.rejects(hanging);
      assert.equal(await client.call('new__echo', { text: 'next' }), 'next');
      const statuses = (await world.calls()).map(({ tool_name, status }) => `${tool_name} ${status}`);
      assert.ok(statuses.includes('new__hang cancelled'), statuses.join());
      await client.sdk.close();
    });
  });
}

describe('a subscription to events that a server posts to an address', () => {
  const KEY = 'mail.came {} https://there.example/';
  const TEN_MINUTES = 600_000;
  const delivery = { mode: 'webhook', url: 'https://there.example/', secret: `whsec_${'a'.repeat(32)}` };
  const begin = async () => {
    const events = createModernEvents();
    world = await startWorld({ new: await startHttp(events) }, { gateway: { listDeadlineMs: 60_000 } });
    const rule = await world.rule('allow', 'user:ada', 'event:new__*');
    const client = world.connect();
    const subscribe = (more: object) =>
      client.request('events/subscribe', { name: 'new__mail.came', delivery, ...more });
    return { events, rule, subscribe };
  };

  it('is kept there for ten minutes, whatever the client asks for, and longer for those alone whom the rules allow it anew', async () => {
    const { events, rule, subscribe } = await begin();
    for (const more of [{}, { ttlMs: null }, { ttlMs: 30 * 24 * 3_600_000 }, { ttlMs: -1 }]) {
      assert.equal((await subscribe(more)).error, undefined, JSON.stringify(more));
      const now = Date.now();
      assert.deepEqual([events.posts(now), events.posts(now + TEN_MINUTES)], [[KEY], []], JSON.stringify(more));
    }
    await subscribe({ ttlMs: 60_000 });
    assert.deepEqual(events.posts(Date.now() + 60_000), []);
    await subscribe({});
    await world.store.policy.removeRule('default', rule);
    world.gateway.policyChanged('default');
    assert.equal((await subscribe({})).error?.code, -32010);
    // Also where no broker is there any more that could end it.
    await world.end();
    assert.deepEqual(events.posts(Date.now() + TEN_MINUTES), []);
  });

  it('is ended at once at a server that would keep it for longer than it was asked for', async () => {
    const { events, subscribe } = await begin();
    events.grants = 'for ever';
    const { error } = await subscribe({});
    assert.match(error?.message ?? '', /^\[mcpgate\] server new would keep .*; it was ended at once$/);
    assert.deepEqual(events.posts(Date.now()), []);
    const done = (await world.calls()).map(({ method, tool_name, status }) => `${method} ${tool_name} ${status}`);
    const [asked, ended] = ['events/subscribe', 'events/unsubscribe'].map((each) => `${each} event:new__mail.came ok`);
    assert.deepEqual(new Set(done), new Set([asked, ended]));
  });
});
