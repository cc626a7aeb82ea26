// Both generations of the official SDK at both ends: v1 and v2 clients in front, a v2 server behind.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { REPOSITORY } from '../step.ts';
import { createWorld } from '../world.ts';
import { GATE } from '../world/people/person.ts';

const run = (...args: string[]) => ({ command: process.execPath, args });

test('a v1 and a v2 client use a server of the v2 SDK through mcpgate', async (t) => {
  const world = await createWorld(t, { servers: { modern: run(join(REPOSITORY, 'test/upstreams/sdk-server.ts')) } });
  const ada = await world.member('ada');
  const v1 = await ada.aiClient();
  assert.equal((await v1.call('modern__add', { a: 2, b: 40 })).text, '42');

  const v2 = new Client({ name: 'v2-client', version: '2.0.0' });
  t.after(() => v2.close());
  await v2.connect(new StdioClientTransport({ command: process.execPath, args: [GATE, 'serve'], env: ada.env }));
  const { tools } = await v2.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['modern__add'],
  );
  const result = await v2.callTool({ name: 'modern__add', arguments: { a: 1, b: 2 } });
  assert.deepEqual(result.structuredContent, { sum: 3 });
});
