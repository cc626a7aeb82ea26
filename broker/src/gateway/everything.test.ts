// The reference server "everything" behind the gateway: resources, prompts, completion, subscriptions, logging, and what it asks back.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { ada, bob, startWorld, textOf, type Message, type TestClient } from './fixtures/gateway-world.ts';

const require = createRequire(import.meta.url);
const script = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);

async function startEverything(t: TestContext, isolation: Isolation = 'shared') {
  const transport = { kind: 'stdio' as const, command: 'node', args: [script], env: {} };
  // On a busy machine it takes longer to start than a client is kept waiting.
  const world = await startWorld({ every: { transport, isolation } }, { gateway: { listDeadlineMs: 60_000 } });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  return world;
}

async function initialize(client: TestClient, capabilities: object = {}): Promise<Message> {
  const clientInfo = { name: 't', version: '1' };
  const answer = await client.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
  client.raw('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return answer;
}

const listOf = (message: Message, key: string) => (message.result?.[key] ?? []) as Record<string, string>[];

describe('the gateway before the server "everything"', () => {
  it('declares what the session can truly use', async (t) => {
    const world = await startEverything(t);
    const many = await initialize(world.connect());
    assert.deepEqual(many.result?.['capabilities'], {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      completions: {},
      logging: {},
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    });
    assert.match(String(many.result?.['instructions']), /Server every says of itself: /);
    const one = await initialize(world.connect(ada, 'every'));
    assert.match(JSON.stringify(one.result?.['serverInfo']), /mcp-servers\/everything/);
    assert.match(JSON.stringify(one.result?.['capabilities']), /"tasks":/);
    const [all, alone] = [many, one].map(({ result }) => String(result?.['instructions']));
    assert.match(all ?? '', /names are SERVER__TOOL/);
    assert.doesNotMatch(alone ?? '', /SERVER__TOOL/, 'its names are its own');
    assert.match(alone ?? '', /^This is one of your organisation’s MCP servers.*\n\nServer every says of itself: /);
  });

  it('says which server is not there, whatever is asked of it', async (t) => {
    const world = await startEverything(t);
    const client = world.connect(ada, 'nobody');
    await initialize(client);
    for (const [method, params] of [
      ['tools/list', {}],
      ['tools/call', { name: 'echo' }],
      ['prompts/get', { name: 'simple-prompt' }],
      ['resources/read', { uri: 'demo://x' }],
      ['resources/subscribe', { uri: 'demo://x' }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } }],
    ] as const)
      assert.match(
        (await client.request(method, params)).error?.message ?? '',
        /^\[mcpgate\] there is no server or bundle "nobody" that you may use$/,
        method,
      );
  });

  it('lists resources, templates and prompts under unique names, and reads, gets and completes them', async (t) => {
    const world = await startEverything(t);
    const client = world.connect();
    await initialize(client);
    const resources = listOf(await client.request('resources/list'), 'resources');
    assert.ok(resources.length > 0 && resources.every(({ uri }) => uri?.startsWith('every+demo://')));
    const templates = listOf(await client.request('resources/templates/list'), 'resourceTemplates');
    assert.ok(templates.some(({ uriTemplate }) => uriTemplate === 'every+demo://resource/dynamic/text/{resourceId}'));
    const read = await client.request('resources/read', { uri: 'every+demo://resource/dynamic/text/7' });
    const [content] = (read.result?.['contents'] ?? []) as Record<string, string>[];
    assert.equal(content?.['uri'], 'every+demo://resource/dynamic/text/7');
    assert.match(content?.['text'] ?? '', /Resource 7/);

    const prompts = listOf(await client.request('prompts/list'), 'prompts').map(({ name }) => name);
    assert.ok(prompts.includes('every__args-prompt'), prompts.join());
    const got = await client.request('prompts/get', { name: 'every__args-prompt', arguments: { city: 'Oslo' } });
    assert.match(JSON.stringify(got.result), /Oslo/);
    const ref = { type: 'ref/resource', uri: 'every+demo://resource/dynamic/text/{resourceId}' };
    const completed = await client.request('completion/complete', {
      ref,
      argument: { name: 'resourceId', value: '7' },
    });
    assert.match(JSON.stringify(completed.result), /"values":\["7"\]/);
    const linked = await client.call('every__get-resource-links', { count: 1 });
    assert.match(JSON.stringify(linked.result), /"uri":"every\+demo:/);

    const methods = (await world.calls()).map(({ method, tool_name, status }) => [method, tool_name, status].join(' '));
    for (const row of [
      'resources/read resource:demo://resource/dynamic/text/7 ok',
      'prompts/get prompt:every__args-prompt ok',
      'completion/complete resource:demo://resource/dynamic/text/{resourceId} ok',
    ])
      assert.ok(methods.includes(row), methods.join('\n'));

    const own = world.connect(ada, 'every');
    const plain = await own.request('resources/read', { uri: 'demo://resource/dynamic/text/7' });
    assert.match(JSON.stringify(plain.result), /"uri":"demo:\/\/resource\/dynamic\/text\/7"/);
  });

  it('holds resources and prompts to the rules, by the server’s own URI or the one that clients see', async (t) => {
    const world = await startEverything(t);
    await world.rule('deny', 'user:bob', 'resource:demo://*');
    await world.rule('deny', 'user:bob', 'prompt:every__args*');
    const client = world.connect(bob);
    await initialize(client);
    assert.deepEqual(listOf(await client.request('resources/list'), 'resources'), []);
    assert.deepEqual(listOf(await client.request('resources/templates/list'), 'resourceTemplates'), []);
    const prompts = listOf(await client.request('prompts/list'), 'prompts').map(({ name }) => name);
    assert.ok(!prompts.includes('every__args-prompt') && prompts.includes('every__simple-prompt'), prompts.join());
    for (const [method, params] of [
      ['resources/read', { uri: 'every+demo://resource/dynamic/text/7' }],
      ['resources/subscribe', { uri: 'every+demo://resource/dynamic/text/7' }],
      ['prompts/get', { name: 'every__args-prompt', arguments: { city: 'Oslo' } }],
    ] as const) {
      const denied = await client.request(method, params);
      assert.equal(denied.error?.code, -32010, method);
      assert.match(denied.error?.message ?? '', /^\[mcpgate denied\] user:bob may not use (resource|prompt):/, method);
      assert.match(JSON.stringify(denied.error?.data), /"mcpgate\/decision":\{"decision":"deny"/);
    }
    await world.rule('deny', 'user:ada', 'resource:every+demo://resource/static/*');
    const ours = world.connect(ada);
    const uris = listOf(await ours.request('resources/list'), 'resources').map(({ uri }) => uri);
    assert.ok(!uris.some((uri) => uri?.includes('/static/')), uris.join());
  });

  it('tells only those who subscribed that a resource was updated', async (t) => {
    const world = await startEverything(t, 'per-session');
    const uri = 'every+demo://resource/dynamic/text/3';
    const [follower, other] = [world.connect(ada), world.connect(ada)];
    for (const client of [follower, other]) await initialize(client);
    assert.deepEqual((await follower.request('resources/subscribe', { uri })).result, {});
    await follower.call('every__toggle-subscriber-updates');
    const updated = await follower.next(({ method }) => method === 'notifications/resources/updated');
    assert.equal(updated.params?.['uri'], uri);
    assert.ok(!other.texts.some((text) => text.includes('resources/updated')));
    assert.deepEqual((await follower.request('resources/unsubscribe', { uri })).result, {});
  });

  it('puts the server’s questions to the one whose connection it is, and to nobody on a shared one', async (t) => {
    const world = await startEverything(t, 'per-session');
    const client = world.connect();
    await initialize(client, { elicitation: { form: {} }, sampling: {}, roots: { listChanged: true } });
    const asked = client.next(({ method }) => method === 'roots/list');
    client.raw(
      JSON.stringify({
        jsonrpc: '2.0',
        id: (await asked).id,
        result: { roots: [{ uri: 'file:///home/ada', name: 'home' }] },
      }),
    );
    const names = await client.toolNames();
    assert.ok(names.includes('every__trigger-sampling-request'), names.join());
    const sampling = client.call('every__trigger-sampling-request', { prompt: 'hello', maxTokens: 10 });
    const question = await client.next(({ method }) => method === 'sampling/createMessage');
    assert.match(JSON.stringify(question.params), /hello/);
    const result = { role: 'assistant', model: 'm', content: { type: 'text', text: 'sampled!' } };
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result }));
    assert.match(textOf(await sampling), /sampled!/);

    const shared = await startEverything(t, 'shared');
    const second = shared.connect();
    await initialize(second, { elicitation: { form: {} }, sampling: {}, roots: {} });
    assert.ok(!(await second.toolNames()).includes('every__trigger-sampling-request'));
  });

  it('gives a session the log of its own connection from the level that it asked for', async (t) => {
    const world = await startEverything(t, 'per-session');
    const client = world.connect();
    await initialize(client);
    assert.deepEqual((await client.request('logging/setLevel', { level: 'debug' })).result, {});
    assert.equal((await client.request('logging/setLevel', { level: 'loud' })).error?.code, -32602);
    await client.call('every__toggle-simulated-logging');
    const logged = await client.next(({ method }) => method === 'notifications/message');
    assert.ok(logged.params?.['level']);
  });
});
