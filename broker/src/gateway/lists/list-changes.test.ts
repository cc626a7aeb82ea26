import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { modernMeta } from '../fixtures/modern-client.ts';
import { ada, bob, startWorld, type TestClient } from '../fixtures/gateway-world.ts';

const TOOLS = 'notifications/tools/list_changed';
const PROMPTS = 'notifications/prompts/list_changed';

describe('a change of one server’s list', () => {
  it('reaches those who see something of it, before or after, and nobody else', { timeout: 30_000 }, async (t) => {
    const web = await startHttpUpstream();
    t.after(() => web.close());
    const told = toldServer({ capabilities: { prompts: {} }, lists: { 'prompts/list': [{ name: 'p' }] } });
    const world = await startWorld({ told, web: { kind: 'http', url: web.url, headers: {} } });
    t.after(() => world.end());
    await world.rule('allow', 'user:ada', '*');
    await world.rule('allow', 'user:bob', 'told__*');
    await world.rule('allow', 'user:bob', 'prompt:told__*');
    await world.rule('allow', 'user:bob', 'web__fresh');
    const sees = world.connect(ada);
    const others: Record<string, TestClient> = {
      denied: world.connect(bob),
      bound: world.connect({ ...ada, servers: ['told'] }),
      alone: world.connect(ada, 'told'),
      searching: world.connect(ada, undefined, 'search'),
      listening: world.connect({ ...ada, servers: ['told'] }),
    };
    for (const client of [sees, ...Object.values(others)]) {
      await client.request('tools/list');
      await client.request('prompts/list');
    }
    const notifications = { toolsListChanged: true, promptsListChanged: true };
    const params = { notifications, _meta: modernMeta() };
    others['listening']?.raw(JSON.stringify({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params }));
    await others['listening']?.next(({ method }) => method === 'notifications/subscriptions/acknowledged');

    const change = async (tools: string[]) => {
      web.tools = tools;
      web.announce({ jsonrpc: '2.0', method: TOOLS });
      await sees.next(({ method }) => method === TOOLS);
      // What comes later than this has come.
      await sees.call('told__say', { lines: [JSON.stringify({ jsonrpc: '2.0', method: PROMPTS })] });
    };
    await change(['echo', 'other']);
    for (const [name, client] of Object.entries(others)) {
      await client.next(({ method }) => method === PROMPTS);
      assert.ok(!client.texts.some((text) => text.includes(TOOLS)), name);
    }
    await change(['echo', 'fresh']);
    await others['denied']?.next(({ method }) => method === TOOLS);
    assert.deepEqual(await others['denied']?.toolNames(), ['told__say', 'web__fresh']);
    await change(['echo']);
    await others['denied']?.next(({ method }) => method === TOOLS);
  });
});
