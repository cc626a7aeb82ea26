// What `serve` says by itself to clients of MCP 2026-07-28, which shake no hands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, textOf } from './fixtures/serve-world.ts';

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

test('discovery and lists are answered without the broker, as this version has them, and a call says what to do', () => {
  const w = createServeWorld();
  w.back();
  w.say({ id: 1, method: 'server/discover', params: { _meta } });
  const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {}, ttlMs: 0 };
  w.answer(1, discovered);
  w.cut();
  w.say({ id: 2, method: 'server/discover', params: { _meta } });
  w.say({ id: 3, method: 'tools/list', params: { _meta } });
  const asked = call(4);
  w.say({ ...asked, params: { ...(asked.params as object), _meta } });
  w.clock.advance(60_000);
  const resultOf = (id: number) => w.out.find((message) => message['id'] === id)?.['result'];
  assert.deepEqual(resultOf(2), discovered, 'from the copy');
  assert.deepEqual(resultOf(3), { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [] });
  assert.equal(textOf(w.out.find((message) => message['id'] === 4)), '[mcpgate] the link was lost');
  assert.equal((resultOf(4) as { resultType?: string }).resultType, 'complete');
});

for (const pages of [1, 2])
  test(`a list that came in ${pages} pages is answered as the broker had it, whatever its tools call their parameters`, () => {
    const w = createServeWorld();
    w.back();
    const inputSchema = { type: 'object', properties: { resultType: { type: 'string' } } };
    const members = { resultType: 'complete', ttlMs: 5_000, cacheScope: 'private' };
    const tools = Array.from({ length: pages }, (_, index) => ({ name: `t${index}`, inputSchema }));
    for (const [index, tool] of tools.entries()) {
      w.say({ id: index, method: 'tools/list', params: { _meta, ...(index > 0 && { cursor: `c${index}` }) } });
      w.answer(index, { ...members, tools: [tool], ...(index < pages - 1 && { nextCursor: `c${index + 1}` }) });
    }
    w.cut();
    w.say({ id: 9, method: 'tools/list', params: { _meta } });
    w.clock.advance(60_000);
    assert.deepEqual(w.out.find((message) => message['id'] === 9)?.['result'], { ...members, tools });
  });

test('a broker that was never reached may offer anything', () => {
  const w = createServeWorld();
  w.say({ id: 1, method: 'server/discover', params: { _meta } });
  w.clock.advance(300);
  const result = w.out[0]?.['result'] as { supportedVersions: string[]; capabilities: object };
  assert.deepEqual(result.supportedVersions, ['2026-07-28']);
  assert.deepEqual(Object.keys(result.capabilities), ['tools', 'prompts', 'resources']);
});

test('a stream of changes waits for the link, and is opened again with a new channel', () => {
  const w = createServeWorld();
  w.say({ id: 1, method: 'subscriptions/listen', params: { _meta, notifications: { toolsListChanged: true } } });
  w.clock.advance(120_000);
  assert.deepEqual(w.out, []);
  w.back();
  assert.equal(w.asked[0]?.['method'], 'subscriptions/listen');
});
