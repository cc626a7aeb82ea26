import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { fixtureServer } from '../upstreams/fixtures/pool.ts';
import { startHttpUpstream } from '../upstreams/fixtures/http-upstream.ts';
import { ada, bob, startWorld, textOf, type Message } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await world.end();
  for (const each of cleanUp.splice(0)) await each();
});

describe('a gateway session', () => {
  it('answers the handshake in the version that was asked for, or in the newest it knows', async () => {
    world = await startWorld({});
    const client = world.connect();
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
      const { result } = await client.request('initialize', { protocolVersion: version, capabilities: {} });
      assert.equal(result?.['protocolVersion'], version);
    }
    const { result } = await client.request('initialize', { protocolVersion: '2031-01-01' });
    assert.equal(result?.['protocolVersion'], '2025-11-25');
    assert.deepEqual(result['capabilities'], { tools: { listChanged: true } });
    assert.deepEqual(result['serverInfo'], { name: 'mcpgate', version: '9.9.9' });
    assert.deepEqual((await client.request('ping')).result, {});
  });

  it('lists only what the caller may use, spliced as the server sent it, and tells when rules change that', async () => {
    world = await startWorld({ fix: fixtureServer() });
    const client = world.connect();
    assert.deepEqual(await client.toolNames(), []);
    await world.rule('allow', 'user:ada', 'fix__*');
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    await world.rule('deny', '*', 'fix__d*');
    const names = await client.toolNames();
    assert.ok(names.includes('fix__echo') && !names.includes('fix__die'), String(names));
    assert.match(
      client.texts.at(-1) ?? '',
      /\{"inputSchema":\{"type":"object"\},"name":"fix__echo","description":"does echo"\}/,
    );
    assert.deepEqual(await world.connect(bob).toolNames(), []);
    assert.ok((await world.connect(ada, 'fix').toolNames()).includes('echo'));
  });

  it('says what to do where a server dies, never starts, or answers garbage, and lists the others meanwhile', async () => {
    world = await startWorld(
      {
        fix: fixtureServer(),
        gone: fixtureServer(['exit']),
        mute: fixtureServer(['slow-list']),
        never: fixtureServer(['never']),
      },
      { gateway: { listDeadlineMs: 150 }, upstreams: { requestTimeoutMs: 200 } },
    );
    await world.rule('allow', '*', '*');
    const client = world.connect();
    await world.connect().call('fix__echo');
    const names = await client.toolNames();
    assert.ok(names.length > 0 && names.every((name) => name.startsWith('fix__')), String(names));
    const died = await client.call('fix__die');
    assert.match(textOf(died), /^\[mcpgate\] server fix ended \(exit code 7\).*outcome is unknown.*server fix did/);
    const garbage = await client.call('fix__garbage');
    // What is no message may be a log line: the answer is waited for until the time is over.
    assert.match(textOf(garbage), /^\[mcpgate\] server fix did not answer tools\/call within.*before you repeat it/);
    assert.match(textOf(await client.call('fix__hang')), /^\[mcpgate\] server fix did not answer tools\/call within/);
    assert.match(textOf(await client.call('gone__x')), /^\[mcpgate\] server gone ended \(exit code 3\)/);
    const records = await world.calls();
    assert.deepEqual(
      records.map(({ server, status, error_code }) => [server, status, error_code]),
      [
        ['fix', 'ok', null],
        ['fix', 'unknown', 'unknown_outcome'],
        ['fix', 'timeout', 'timeout'],
        ['fix', 'timeout', 'timeout'],
        ['gone', 'failed', 'upstream'],
      ],
    );
  });

  it('adds a late server to the list and says so', async () => {
    const upstream = await startHttpUpstream();
    cleanUp.push(() => upstream.close());
    let release: () => void = () => undefined;
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/list') return false;
      release = () => {
        upstream.intercept = undefined;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`{"jsonrpc":"2.0","id":${String(message['id'])},"result":{"tools":[{"name":"late"}]}}`);
      };
      return true;
    };
    const asked = upstream.next('tools/list');
    world = await startWorld(
      { web: { kind: 'http', url: upstream.url, headers: {} } },
      { gateway: { listDeadlineMs: 30 } },
    );
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.deepEqual(await client.toolNames(), []);
    await asked;
    release();
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    assert.deepEqual(await client.toolNames(), ['web__late']);
  });

  it('lists in pages and names every tool once, however long its name', async () => {
    const upstream = await startHttpUpstream();
    cleanUp.push(() => upstream.close());
    const long = 'x'.repeat(60);
    upstream.tools = [...Array.from({ length: 1_100 }, (_, index) => `tool_${index}`), long, 'dotted.name'];
    world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} } });
    await world.rule('allow', '*', 'web__*');
    const client = world.connect();
    const names: string[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor });
      const page = (result?.['tools'] ?? []) as { name: string }[];
      names.push(...page.map(({ name }) => name));
      cursor = result?.['nextCursor'];
      pages++;
    } while (cursor !== undefined);
    assert.equal(pages, 3);
    assert.equal(new Set(names).size, 1_102);
    assert.ok(names.every((name) => /^[a-zA-Z0-9_-]{1,50}$/.test(name)));
    const cut = names.find((name) => name.startsWith('web__xxx')) ?? '';
    await client.call(cut);
    await client.call(names.find((name) => name.startsWith('web__dotted')) ?? '');
    assert.deepEqual(upstream.executed, [long, 'dotted.name']);
    assert.equal((await client.request('tools/list', { cursor: 'bogus' })).error?.code, -32602);
  });

  it('refuses bad input by JSON-RPC’s codes and lives on', async () => {
    world = await startWorld({ fix: fixtureServer() }, { gateway: { maxMessageChars: 2_000, maxPending: 2 } });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    await client.toolNames();
    const cases: [string, unknown, number][] = [
      ['{"jsonrpc":"2.0","id":1,', null, -32700],
      ['', null, -32700],
      ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', null, -32600],
      ['"ping"', null, -32600],
      ['null', null, -32600],
      ['{"id":1,"method":"ping"}', 1, -32600],
      ['{"jsonrpc":"2.0","id":null,"method":"ping"}', null, -32600],
      ['{"jsonrpc":"2.0","id":2,"method":3}', 2, -32600],
      ['{"jsonrpc":"2.0","id":2,"method":"ping","params":[1]}', 2, -32600],
      ['{"jsonrpc":"2.0","id":2,"method":"nothing/known"}', 2, -32601],
      ['{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":"fix__nope"}}', 's', -32602],
      ['{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":"nope"}}', 's', -32602],
      ['{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{}}', 's', -32602],
      [`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"${'x'.repeat(3_000)}"}}`, 4, -32600],
      ['x'.repeat(3_000), null, -32600],
    ];
    for (const [text, id, code] of cases) {
      client.raw(text);
      const message = await client.next((each: Message) => each.error !== undefined);
      assert.deepEqual([message.id, message.error?.code], [id, code], text.slice(0, 100));
    }
    for (const text of ['{"jsonrpc":"2.0","method":"notifications/whatever"}', '{"jsonrpc":"2.0","id":5,"result":{}}'])
      client.raw(text);
    client.raw('{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"fix__hang"}}');
    client.raw('{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"fix__hang"}}');
    assert.match((await client.next(({ id }) => id === 'a')).error?.message ?? '', /still under way/);
    client.raw('{"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"fix__hang"}}');
    assert.match((await client.call('fix__echo')).error?.message ?? '', /^\[mcpgate\] 2 requests of this session/);
    assert.deepEqual((await client.request('ping')).result, {});
  });

  it('tells its client who it is and what it reaches', async () => {
    world = await startWorld(
      { fix: fixtureServer(), gone: fixtureServer(['exit']) },
      { gateway: { listDeadlineMs: 5_000 } },
    );
    await world.rule('allow', 'user:ada', 'fix__*');
    await world.rule('allow', 'user:ada', 'gone__*');
    const client = world.connect();
    await client.toolNames();
    const { result } = await client.request('mcpgate/session');
    const servers = result?.['servers'] as {
      name: string;
      state: string;
      tools: number | null;
      message: string | null;
    }[];
    assert.deepEqual(
      { ...result, servers: undefined },
      {
        user: 'ada',
        workspace: 'default',
        device: 'laptop',
        broker_version: '9.9.9',
        accounts: [],
        servers: undefined,
      },
    );
    assert.deepEqual(servers[0], { name: 'fix', state: 'ready', tools: 12, message: null, warnings: 0 });
    assert.equal(servers[1]?.state, 'failed');
    assert.match(servers[1]?.message ?? '', /exit code 3/);
  });
});
