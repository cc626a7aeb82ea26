// Lists that change while a client reads them page by page.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { startWorld } from '../fixtures/gateway-world.ts';

describe('a list that changes between two pages', () => {
  it('is gone on with, also where the entry that the page ended with is gone, or its whole server', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    upstream.tools = Array.from({ length: 600 }, (_, index) => `tool_${String(index).padStart(3, '0')}`);
    const world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} }, yon: toldServer() });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = world.connect();
    const page = async (cursor?: unknown) => {
      const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor });
      const names = ((result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name);
      return { names, cursor: result?.['nextCursor'] };
    };
    const first = await page();
    assert.deepEqual([first.names.length, first.names.at(-1)], [500, 'web__tool_499']);

    upstream.tools = upstream.tools.filter((name) => name !== 'tool_499');
    upstream.announce({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    const second = await page(first.cursor);
    assert.deepEqual([second.names.length, second.names.at(-1), second.cursor], [101, 'yon__say', undefined]);
    assert.equal(second.names[0], 'web__tool_500');

    const [record] = world.upstreams.servers('default');
    await world.store.servers.remove(record?.id ?? '');
    await world.upstreams.reload();
    assert.deepEqual(await page(first.cursor), { names: ['yon__say'], cursor: undefined });
  });
});
