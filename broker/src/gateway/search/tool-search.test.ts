// Three tools that stand for all: what they find, show and call, for real servers and for very many tools.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it, type TestContext } from 'node:test';
import type { Principal } from '../../domain/people/principal.ts';
import { ada, bob, startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';
import { askedIn, EVERYTHING_CLIENT, modernClient } from '../fixtures/modern-client.ts';
import type { CatalogItem } from '../lists/catalog.ts';
import { createToolIndexes } from './tool-index.ts';

const require = createRequire(import.meta.url);
const stdio = (name: string, env: Record<string, string> = {}) => ({
  kind: 'stdio' as const,
  command: 'node',
  args: [
    path.join(path.dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), 'dist/index.js'),
  ],
  env,
});

async function startSearch(t: TestContext) {
  const world = await startWorld(
    { every: stdio('everything'), memory: stdio('memory', { MEMORY_FILE_PATH: '${home}/memory.jsonl' }) },
    { gateway: { searchRules: [{ client: 'wind*', above: 5 }], listDeadlineMs: 60_000 } },
  );
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  const initialize = (client: ReturnType<typeof world.connect>, name: string) =>
    client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name, version: '1' },
    });
  const open = (principal: Principal = ada) => world.connect(principal, undefined, 'search');
  return { world, open, initialize };
}

const found = (message: Message) =>
  (message.result?.['structuredContent'] as { tools: { name: string }[] } | undefined)?.tools.map(({ name }) => name) ??
  [];

describe('a session that searches its tools', () => {
  it('lists three tools, finds by words, describes, and calls with the arguments as they were sent', async (t) => {
    const { world, open } = await startSearch(t);
    const client = open();
    assert.deepEqual(await client.toolNames(), ['search_tools', 'describe_tool', 'call_tool']);
    const names = found(await client.call('search_tools', { query: 'add observations to the knowledge graph' }));
    assert.equal(names[0], 'memory__add_observations');
    const described = textOf(await client.call('describe_tool', { name: 'every__echo' }));
    assert.equal((JSON.parse(described) as { name: string }).name, 'every__echo');
    assert.match(described, /"inputSchema"/);
    const args = '{"name":"every__echo","arguments":{"message":"12345678901234567890"}}';
    client.raw(`{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"call_tool","arguments":${args}}}`);
    assert.equal(textOf(await client.next(({ id }) => id === 77)), 'Echo: 12345678901234567890');
    const [record] = (await world.calls()).slice(-1);
    assert.deepEqual([record?.tool_name, record?.status, record?.arg_keys], ['every__echo', 'ok', ['message']]);
    assert.equal(textOf(await client.call('every__echo', { message: 'by its name' })), 'Echo: by its name');
  });

  it('answers what the server of a call asks, in a client of 2026-07-28', async (t) => {
    const script = fileURLToPath(import.meta.resolve('mcpgate-test/upstreams/modern-stdio'));
    const transport = { kind: 'stdio' as const, command: process.execPath, args: [script], env: {} };
    const world = await startWorld({ new: transport });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = modernClient(world.connect(ada, undefined, 'search'), EVERYTHING_CLIENT);
    const params = { name: 'call_tool', arguments: { name: 'new__ask' } };
    const asked = await client.request('tools/call', params);
    assert.deepEqual(
      askedIn(asked)
        .map(([key]) => key)
        .sort(),
      ['places', 'poem', 'who'],
    );
    const answers = {
      who: { action: 'accept', content: { name: 'Ada' } },
      poem: { role: 'assistant', content: { type: 'text', text: 'roses' }, model: 'm' },
      places: { roots: [{ uri: 'file:///here' }] },
    };
    assert.match(
      textOf(await client.retry('tools/call', params, asked, answers)),
      /^Ada: .*roses.* at file:\/\/\/here$/,
    );
  });

  it('finds and calls nothing that the rules do not allow', async (t) => {
    const { world, open } = await startSearch(t);
    await world.rule('deny', 'user:bob', 'every__echo');
    const client = open(bob);
    assert.ok(!found(await client.call('search_tools', { query: 'echo', limit: 50 })).includes('every__echo'));
    assert.match(textOf(await client.call('describe_tool', { name: 'every__echo' })), /^\[mcpgate\] there is no tool/);
    const denied = await client.call('call_tool', { name: 'every__echo', arguments: { message: 'x' } });
    assert.match(textOf(denied), /^\[mcpgate denied\] user:bob may not call every__echo/);
    for (const args of [{}, { query: ' ' }, { query: 7 }])
      assert.equal((await client.call('search_tools', args)).result?.['isError'], true);
    assert.equal((await client.call('call_tool', { name: 'call_tool' })).result?.['isError'], true);
  });

  it('is what a client with a limit gets once it has more tools than it takes', async (t) => {
    const { world, initialize } = await startSearch(t);
    const windsurf = world.connect(ada);
    await initialize(windsurf, 'Windsurf');
    assert.equal((await windsurf.toolNames()).length, 3);
    const claude = world.connect(ada);
    await initialize(claude, 'claude-code');
    assert.ok((await claude.toolNames()).length > 5);
  });
});

describe('the index', () => {
  it('ranks a hundred thousand tools without holding the loop', async () => {
    const tools = Array.from({ length: 100_000 }, (_, n): CatalogItem => {
      const text = JSON.stringify({ name: `s__tool_${n}`, description: `Handles thing number ${n}`, inputSchema: {} });
      return {
        ownKey: `tool_${n}`,
        key: `s__tool_${n}`,
        ruleNames: [`s__tool_${n}`],
        repeatable: undefined,
        text,
        ownText: text,
      };
    });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const indexes = createToolIndexes();
    const index = await indexes.of(tools);
    clearInterval(timer);
    assert.ok(turns > 50, `the loop turned ${turns} times meanwhile`);
    assert.equal(index.search('tool 77777', 5)[0]?.key, 's__tool_77777');
    assert.equal(await indexes.of([...tools]), index, 'the same selection shares its index');
  });
});
