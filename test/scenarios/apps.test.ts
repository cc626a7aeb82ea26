// MCP Apps through the entry with all servers: what a host of apps does with the official packages, in front of two servers that know nothing of each
// other and have the same names and the same URI for their pages.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getToolUiResourceUri } from '@modelcontextprotocol/ext-apps/app-bridge';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { REPOSITORY } from '../step.ts';
import { createWorld, type World } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

const UI = 'io.modelcontextprotocol/ui';
const MIME_TYPE = 'text/html;profile=mcp-app';
const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;

async function twoApps(t: TestContext) {
  const world = await createWorld(t, { direct: true, open: false });
  const entry = (city: string) => ({
    command: process.execPath,
    args: [join(REPOSITORY, 'test/upstreams/app-server.ts'), city],
    env: { CALLS: '${home}/calls' },
  });
  await world.importServers({ oslo: entry('oslo'), rome: entry('rome') });
  // Both have started: who comes earlier is told of what has answered.
  for (const city of ['oslo', 'rome']) await world.broker.run(['server', 'test', city]);
  return {
    world,
    /** What the server was asked for. */
    reached(city: string): string[] {
      const file = join(world.broker.dataDir, 'upstreams', city, 'shared/calls');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
  };
}

async function host(t: TestContext, world: World, generation: (typeof GENERATIONS)[number]): Promise<Client> {
  const label = `host-${generation}`;
  const bound = ['--server', 'oslo', '--server', 'rome'];
  const { token } = (await world.broker.json(['grant', 'issue', '--label', label, ...bound])) as IssuedGrant;
  const client = new Client(
    { name: 'host', version: '1' },
    {
      ...(generation === '2026-07-28' && { versionNegotiation: { mode: { pin: generation } } }),
      capabilities: { extensions: { [UI]: { mimeTypes: [MIME_TYPE] } } },
    },
  );
  t.after(() => client.close());
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit }));
  return client;
}

const pageOf = async (client: Client, uri: string) => {
  const { contents } = await client.readResource({ uri });
  const [content] = contents;
  assert.deepEqual([content?.uri, content?.mimeType], [uri, MIME_TYPE]);
  return content !== undefined && 'text' in content ? content.text : undefined;
};

for (const generation of GENERATIONS)
  test(`an app opens, and works with its own server, in a client of ${generation}`, async (t) => {
    const { world, reached } = await twoApps(t);
    await world.broker.run(['rule', 'add', '--allow', '--who', '*', '--what', '*']);
    const client = await host(t, world, generation);
    assert.deepEqual(client.getServerCapabilities()?.extensions, { [UI]: { mimeTypes: [MIME_TYPE] } });
    const { tools } = await client.listTools();
    const { resources } = await client.listResources();
    for (const city of ['oslo', 'rome']) {
      const tool = tools.find(({ name }) => name === `${city}__show`);
      const uri = tool && getToolUiResourceUri(tool);
      assert.equal(uri, `ui://${city}+/view/page.html`);
      assert.equal(tool?._meta?.['ui/resourceUri'], uri, 'in the older spelling too');
      assert.ok(resources.some((resource) => resource.uri === uri));
      assert.equal(await pageOf(client, uri ?? ''), `<!doctype html><title>${city}</title>`);
      const result = await client.callTool({ name: `${city}__show`, arguments: {} });
      assert.deepEqual(result._meta?.['ui'], { resourceUri: uri });
      assert.equal(result._meta?.['openai/outputTemplate'], uri);
      // The app calls its server by that server's own name, which no other has.
      const own = await client.callTool({ name: `only_${city}`, arguments: {} });
      assert.equal(Reflect.get((own.content as object[])[0] ?? {}, 'uri'), uri);
      assert.deepEqual(reached(city), ['read', 'show', 'only']);
    }
    // Both have this one: it is not guessed which is meant.
    await assert.rejects(client.callTool({ name: 'refresh', arguments: {} }), /oslo__refresh.*rome__refresh/);
    await assert.rejects(client.readResource({ uri: 'ui://view/page.html' }), /ui:\/\/oslo\+\/view\/page.html/);
    assert.equal(reached('oslo').concat(reached('rome')).includes('refresh'), false);
  });

test('what is denied stays denied in every spelling, and a name is that of the server that may be used', async (t) => {
  const { world, reached } = await twoApps(t);
  await world.broker.run(['rule', 'add', '--allow', '--who', '*', '--what', '*']);
  await world.broker.run([
    'rule',
    'add',
    '--deny',
    '--who',
    '*',
    '--what',
    'rome__refresh',
    '--what',
    'rome__only_rome',
  ]);
  await world.broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'resource:rome+ui://view/*']);
  const clients = await Promise.all(GENERATIONS.map((generation) => host(t, world, generation)));
  for (const client of clients) {
    assert.equal(
      (await client.listTools()).tools.some(({ name }) => name === 'rome__refresh'),
      false,
    );
    assert.deepEqual(
      (await client.listResources()).resources.map(({ uri }) => uri),
      ['ui://oslo+/view/page.html'],
    );
    for (const name of ['rome__refresh', 'rome__only_rome', 'only_rome'])
      assert.doesNotMatch(
        JSON.stringify(await client.callTool({ name, arguments: {} }).catch(String)),
        /weather|resource_link/,
        name,
      );
    for (const uri of [
      'ui://rome+/view/page.html',
      'rome+ui://view/page.html',
      'ui://rome+/view/../view/page.html',
      'ui://rome+/view/%70age.html',
      'UI://rome+/view/page.html',
      'ui://ROME+/view/page.html',
    ])
      await assert.rejects(client.readResource({ uri }), uri);
    assert.match(JSON.stringify(await client.callTool({ name: 'refresh', arguments: {} })), /fresh weather of oslo/);
    assert.equal(await pageOf(client, 'ui://oslo+/view/page.html'), '<!doctype html><title>oslo</title>');
  }
  assert.deepEqual(reached('rome'), []);
  await world.broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'resource:ui://oslo+/*']);
  const asked = reached('oslo').length;
  for (const client of clients)
    for (const uri of ['ui://oslo+/view/page.html', 'oslo+ui://view/page.html', 'ui://view/page.html'])
      await assert.rejects(client.readResource({ uri }), uri);
  assert.equal(reached('oslo').length, asked);
});
