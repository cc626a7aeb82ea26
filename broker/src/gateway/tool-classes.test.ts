// From the far side: rules about what only reads and what may write, by what servers say of their tools and by what an operator has said of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toldServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, type Message } from './fixtures/gateway-world.ts';

const isDenied = ({ result, error }: Message): boolean => JSON.stringify(result ?? error).includes('mcpgate denied');

const TOOLS = [
  { name: 'look', annotations: { readOnlyHint: true } },
  { name: 'put', annotations: { readOnlyHint: false } },
  { name: 'unsaid' },
  { name: 'claims', annotations: { readOnlyHint: true } },
  { name: 'known' },
].map((tool) => ({ ...tool, inputSchema: { type: 'object' } }));

test('a tool reads where it says so, or an operator does, and writes otherwise; what is denied is neither listed nor sent', async (t) => {
  const transport = toldServer({ lists: { 'tools/list': TOOLS } });
  const world = await startWorld({ svc: { transport, toolClasses: { read: ['known'], write: ['claims'] } } });
  t.after(() => world.end());
  await world.rule('allow', '*', 'read:svc');
  const client = world.connect();
  assert.deepEqual(await client.toolNames(), ['svc__known', 'svc__look']);
  for (const name of ['put', 'unsaid', 'claims', 'not_there'])
    assert.ok(isDenied(await client.call(`svc__${name}`)), name);
  assert.deepEqual(await world.received('svc', 'tools/call'), []);
  for (const name of ['look', 'known']) assert.ok(!isDenied(await client.call(`svc__${name}`)), name);
  assert.equal((await world.received('svc', 'tools/call')).length, 2);
});

test('a deny of what may write leaves what reads, also where the list was not read yet', async (t) => {
  const world = await startWorld({ svc: toldServer({ lists: { 'tools/list': TOOLS } }) });
  t.after(() => world.end());
  await world.rule('allow', '*', 'svc__*');
  await world.rule('deny', '*', 'write:svc');
  const client = world.connect();
  assert.ok(isDenied(await client.call('svc__put')));
  assert.ok(!isDenied(await client.call('svc__look')));
  assert.deepEqual(await client.toolNames(), ['svc__claims', 'svc__look']);
});
