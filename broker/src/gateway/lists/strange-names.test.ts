// Names and URIs that no client would take, schemas that run in circles, and clients that ask for what is not there.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

const inputSchema = { type: 'object' };
const long = 'n'.repeat(300);

describe('what a server names', () => {
  it('is listed under names that every client takes, each its own, and called by its own name', async () => {
    const names = [
      '🦊',
      'a/b/c',
      '--help',
      ' ',
      long,
      `${long}a`,
      `${long}b`,
      'ä',
      'a b',
      'a__b',
      '__proto__',
      'x\n"y',
    ];
    const none = [{ inputSchema }, { name: '', inputSchema }, { name: 7, inputSchema }, null, 'text', [[]]];
    const doubles = [{ name: '🦊', description: 'the second', inputSchema }];
    const tools = [...names.map((name) => ({ name, inputSchema })), ...none, ...doubles];
    world = await startWorld({ told: toldServer({ lists: { 'tools/list': tools } }) });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    const listed = await client.toolNames();
    assert.equal(listed.length, names.length + 1);
    assert.equal(new Set(listed).size, listed.length);
    assert.deepEqual(await client.toolNames(), listed, 'names are stable');
    for (const name of listed) assert.match(name, /^[a-zA-Z0-9_-]{1,50}$/);
    const inOrder = ['say', ...names].toSorted();
    for (const [index, name] of inOrder.entries())
      if (name !== 'say') assert.equal(textOf(await client.call(listed[index] ?? '')), `called ${name}`);
    // Its own names mean the same, since no other server has them.
    for (const name of names.filter(({ length }) => length <= 256))
      assert.equal(textOf(await client.call(name)), `called ${name}`);
    const alone = world.connect(undefined, 'told');
    assert.deepEqual(await alone.toolNames(), inOrder);
    assert.equal(textOf(await alone.call('🦊')), 'called 🦊');
    for (const name of ['told__', 'told__\u0000', '__', 'told__🦊', `told__${long}`, 'constructor', ''])
      assert.equal((await client.call(name)).error?.code, -32602, name);
  });

  it('keeps a schema that refers to itself as it was sent', async () => {
    const circle =
      '{"type":"object","properties":{"again":{"$ref":"#"}},"$defs":{"a":{"$ref":"#/$defs/a"}},"allOf":[{"$ref":"#"}]}';
    const tools = [{ name: 'circle', inputSchema: JSON.parse(circle) as unknown }];
    world = await startWorld(
      { told: toldServer({ lists: { 'tools/list': tools } }) },
      { gateway: { listDeadlineMs: 60_000 } },
    );
    await world.rule('allow', '*', '*');
    for (const client of [
      world.connect(),
      world.connect(undefined, 'told'),
      world.connect(undefined, undefined, 'search'),
    ]) {
      await client.request('tools/list');
      if (!client.texts.some((text) => text.includes(circle))) {
        const found = await client.call('search_tools', { query: 'circle' });
        assert.match(textOf(found), /told__circle/);
        assert.ok(textOf(await client.call('describe_tool', { name: 'told__circle' })).includes(circle));
      }
    }
    assert.equal(textOf(await world.connect().call('told__circle')), 'called circle');
  });

  it('finds a resource by whatever URI it has, and the first of two prompts of one name', async () => {
    const uris = [
      'no scheme',
      'a b c',
      '',
      'told+told+x:y',
      `x:${'u'.repeat(8_000)}`,
      'file:///ä/🦊?a=b#c',
      '+',
      'n.told+x:y',
      'x:\u0000',
    ];
    const resources = uris.map((uri) => ({ uri, name: 'r' }));
    const prompts = [{ name: 'same', description: 'first' }, { name: 'same', description: 'second' }, { name: '../p' }];
    world = await startWorld({
      told: toldServer({
        capabilities: { resources: {}, prompts: {} },
        lists: { 'resources/list': resources, 'prompts/list': prompts },
      }),
    });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    const { result } = await client.request('resources/list');
    const seen = ((result?.['resources'] ?? []) as { uri: string }[]).map(({ uri }) => uri);
    const kept = uris.filter((uri) => uri !== '').toSorted();
    assert.deepEqual(
      seen,
      kept.map((uri) => `told+${uri}`),
    );
    for (const [index, uri] of kept.entries()) {
      const read = await client.request('resources/read', { uri: seen[index] });
      assert.deepEqual(read.result?.['contents'], [{ uri: `told+${uri}`, text: `of ${uri}` }]);
    }
    for (const uri of ['told', '+x', 'nobody+x:y', '', 'TOLD+x:y'])
      assert.equal((await client.request('resources/read', { uri })).error?.code, -32002, uri);

    for (const [door, prefix] of [
      [client, 'told+'],
      [world.connect(undefined, 'told'), ''],
    ] as const) {
      const { error } = await door.request('resources/read', { uri: `${prefix}none:x` });
      assert.deepEqual(
        error?.data,
        { uri: `${prefix}none:x`, code: { uri: 1 } },
        'an error names it as the client does',
      );
    }

    const listed = (await client.request('prompts/list')).result?.['prompts'] as {
      name: string;
      description?: string;
    }[];
    assert.deepEqual(
      listed.map(({ description }) => description),
      [undefined, 'first'],
    );
    assert.equal(listed[1]?.name, 'told__same');
    const got = await client.request('prompts/get', { name: listed[0]?.name });
    assert.deepEqual(got.result?.['messages'], [{ role: 'user', content: { type: 'text', text: '../p' } }]);
  });
});

describe('a client', () => {
  it('that lists with a cursor which nobody gave, or by a method that every object has, is refused by code', async () => {
    world = await startWorld({ told: toldServer() });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    for (const cursor of [
      '',
      'garbage',
      'x'.repeat(100_000),
      7,
      {},
      [],
      '\u0000',
      Buffer.from('told__no').toString('base64url'),
    ])
      for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])
        assert.equal(
          (await client.request(method, { cursor })).error?.code,
          -32602,
          `${method} ${JSON.stringify(cursor)}`.slice(0, 80),
        );
    for (const method of ['constructor', '__proto__', 'toString', 'valueOf', ''])
      assert.equal((await client.request(method)).error?.code, -32601, method);
    assert.deepEqual(await client.toolNames(), ['told__say']);
  });

  it('that cancels what is done, what never was and what is nothing changes nothing', async () => {
    world = await startWorld({ told: toldServer() });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.equal(textOf(await client.request('tools/call', { name: 'told__say' }, 'done')), 'said');
    const nested = '['.repeat(10_000) + ']'.repeat(10_000);
    for (const id of ['"done"', '"never"', '999', '1e400', 'null', '{}', '[[]]', nested, '""', '-0'])
      client.raw(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled"}');
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"reason":"no id"}}');
    client.raw(
      `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"told__say","arguments":{"deep":${nested}}}}`,
    );
    assert.equal(textOf(await client.next(({ id }: Message) => id === 'x')), 'said');
    assert.equal((await world.received('told', 'notifications/cancelled')).length, 0);
    assert.deepEqual(
      (await world.calls()).map(({ status }) => status),
      ['ok', 'ok'],
    );
  });

  it('that asks after its session was closed is not heard, and its server neither', async () => {
    world = await startWorld({ told: toldServer() });
    await world.rule('allow', '*', '*');
    const [gone, other] = [world.connect(), world.connect()];
    await gone.call('told__say');
    await gone.close();
    const before = gone.texts.length;
    gone.raw('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"told__say"}}');
    gone.raw('no JSON');
    assert.equal(textOf(await other.call('told__say')), 'said');
    assert.equal(gone.texts.length, before);
    assert.equal((await world.received('told', 'tools/call')).length, 2);
  });
});
