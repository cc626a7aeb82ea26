// Both generations of the official SDK at both ends: v1 and v2 clients in front, a v2 server and the reference servers behind.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { REPOSITORY } from '../step.ts';
import { createWorld } from '../world.ts';
import { GATE } from '../world/person.ts';

const require = createRequire(join(REPOSITORY, 'broker/package.json'));
const reference = (name: string) => require.resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);
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

test('the reference servers everything, filesystem and memory work through mcpgate', async (t) => {
  const world = await createWorld(t);
  const folder = join(world.root, 'sample');
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, 'hello.txt'), 'hello from a file', { mode: 0o644 });
  await world.importServers({
    everything: run(reference('everything')),
    files: run(reference('filesystem'), folder),
    memory: run(reference('memory')),
  });
  const client = await (await world.member('ada')).aiClient();
  const names = await client.toolNames();
  for (const server of ['everything', 'files', 'memory'])
    assert.ok(
      names.some((name) => name.startsWith(`${server}__`)),
      names.join(),
    );
  assert.match((await client.call('everything__echo', { message: 'hi' })).text, /hi/);
  assert.equal(
    (await client.call('files__read_text_file', { path: join(folder, 'hello.txt') })).text,
    'hello from a file',
  );
  const graph = await client.call('memory__read_graph');
  assert.equal(graph.isError, false, graph.text);
});
