// A bundle in front of real servers: over HTTP and through `mcpgate serve`, by clients of both generations, with an app in it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getToolUiResourceUri } from '@modelcontextprotocol/ext-apps/app-bridge';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { REPOSITORY } from '../step.ts';
import { createWorld } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { GATE } from '../world/people/person.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

const everything = join(REPOSITORY, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');

async function withBundle(t: TestContext) {
  const world = await createWorld(t, { direct: true });
  await world.importServers({
    any: { command: process.execPath, args: [everything] },
    oslo: {
      command: process.execPath,
      args: [join(REPOSITORY, 'test/upstreams/app-server.ts'), 'oslo'],
      env: { CALLS: '${home}/calls' },
    },
  });
  for (const name of ['any', 'oslo']) await world.broker.run(['server', 'test', name]);
  const sum = ['--tool', 'any__get-sum', '--as', 'plus_two', '--describe', 'Adds two.', '--fix', 'b=2'];
  await world.broker.run(['bundle', 'add', 'kit', ...sum, '--tool', 'oslo__show', '--as', 'weather']);
  return {
    world,
    reached(): string[] {
      const file = join(world.broker.dataDir, 'upstreams/oslo/shared/calls');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
  };
}

async function connect(t: TestContext, transport: Transport, isModern: boolean): Promise<Client> {
  const pin = { versionNegotiation: { mode: { pin: '2026-07-28' } } };
  const client = new Client({ name: 'client', version: '1' }, isModern ? pin : {});
  t.after(() => client.close());
  await client.connect(transport);
  return client;
}

for (const isModern of [false, true])
  test(`a client of ${isModern ? '2026-07-28' : '2025-11-25'} gets it over HTTP and from serve`, async (t) => {
    const { world, reached } = await withBundle(t);
    const ada = await world.member('ada');
    const issue = ['grant', 'issue', '--label', 'g', '--server', 'any', '--server', 'oslo'];
    const { token } = (await world.broker.json(issue)) as IssuedGrant;
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    const overHttp = new StreamableHTTPClientTransport(new URL(`${world.url}/mcp/kit`), { requestInit });
    const args = [GATE, 'serve', '--bundle', 'kit'];
    const overServe = new StdioClientTransport({ command: process.execPath, args, env: ada.env });
    for (const transport of [overHttp, overServe]) {
      const client = await connect(t, transport, isModern);
      const { tools } = await client.listTools();
      assert.deepEqual(
        tools.map(({ name }) => name),
        ['plus_two', 'weather'],
      );
      const [plus, weather] = tools;
      assert.equal(plus?.description, 'Adds two.');
      assert.deepEqual(Object.keys(plus?.inputSchema.properties ?? {}), ['a']);
      assert.deepEqual(plus?.inputSchema.required, ['a']);
      const sum = await client.callTool({ name: 'plus_two', arguments: { a: 40 } });
      assert.match(JSON.stringify(sum.content), /42/);
      const fixed = await client.callTool({ name: 'plus_two', arguments: { a: 40, b: 3 } });
      assert.match(JSON.stringify(fixed.content), /"b\\" cannot be given/);
      const uri = weather && getToolUiResourceUri(weather);
      assert.match(JSON.stringify((await client.readResource({ uri: uri ?? '' })).contents), /<title>oslo/);
      await assert.rejects(client.callTool({ name: 'refresh', arguments: {} }), /no tool "refresh" in bundle kit/);
      assert.match(JSON.stringify(await client.callTool({ name: 'weather', arguments: {} })), /weather of oslo/);
    }
    assert.deepEqual(reached(), ['read', 'show', 'read', 'show']);
    const install = async (bundle: string) =>
      await ada.gate(['install-clients', 'cursor', '--dry-run', '--bundle', bundle]);
    const misspelt = await install('kitt');
    assert.deepEqual(
      [misspelt.code, /no bundle kitt that you may use; did you mean kit\?/.test(misspelt.stderr)],
      [0, true],
    );
    assert.doesNotMatch((await install('kit')).stderr, /bundle kit/);
    const record = await callRecord(world.broker, ({ tool_name }) => tool_name === 'any__get-sum');
    assert.deepEqual([record.server, record.status], ['any', 'ok']);
  });
