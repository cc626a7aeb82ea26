import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { fixtureServer } from '../../upstreams/fixtures/pool.ts';
import { startWorld, textOf } from '../fixtures/gateway-world.ts';
import { readEnvelope } from './envelope.ts';

const KIB = 1024;
const long = 'n'.repeat(257);
const request = (method: string, params: object, id: string | number = 1) =>
  readEnvelope(JSON.stringify({ jsonrpc: '2.0', id, method, params }));

describe('what a caller names', () => {
  for (const [method, params] of [
    ['tools/call', { name: long }],
    ['prompts/get', { name: long }],
    ['resources/read', { uri: `file:///${'x'.repeat(8 * KIB)}` }],
    ['resources/subscribe', { uri: `file:///${'ü'.repeat(4 * KIB)}` }],
    ['resources/unsubscribe', { uri: `file:///${'x'.repeat(1024 * KIB)}` }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: long }, argument: { name: 'a', value: '' } }],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'x'.repeat(9 * KIB) }, argument: { name: 'a', value: '' } },
    ],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'a' }, argument: { name: long, value: '' } }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'a' }, argument: { name: 'a', value: 'v'.repeat(9 * KIB) } },
    ],
    ['tools/list', { cursor: 'c'.repeat(9 * KIB) }],
    ['tasks/get', { taskId: 't'.repeat(2 * KIB) }],
    ['tools/call', { name: 'a__b', requestState: 's'.repeat(65 * KIB) }],
    ['tools/call', { name: 'a__b', _meta: { progressToken: long } }],
    ['logging/setLevel', { level: long }],
    ['initialize', { protocolVersion: long }],
    ['initialize', { clientInfo: { name: 'n'.repeat(500 * KIB), version: '1' } }],
    ['initialize', { clientInfo: { name: 'a', version: long } }],
    ['initialize', { capabilities: { experimental: { a: 'c'.repeat(17 * KIB) } } }],
    ['initialize', { capabilities: Object.fromEntries(Array.from({ length: 2 * KIB }, (_, n) => [`c${n}`, {}])) }],
    ['tools/call', { name: 'a', _meta: { 'io.modelcontextprotocol/clientInfo': { name: long } } }],
    ['tools/call', { name: 'a', _meta: { 'io.modelcontextprotocol/clientCapabilities': { a: 'c'.repeat(17 * KIB) } } }],
    ['subscriptions/listen', { notifications: { resourceSubscriptions: ['x'.repeat(9 * KIB)] } }],
    [
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: Array.from({ length: 100 }, () => 'x'.repeat(4 * KIB)) } },
    ],
    [long, {}],
    ['some/method', { name: long }],
  ] as const) {
    it(`is refused by ${method.slice(0, 30)} where it is too long: ${JSON.stringify(params).slice(0, 60)}`, () => {
      const envelope = request(method, params);
      assert.equal(envelope.kind, 'invalid');
      assert.equal(envelope.kind === 'invalid' && envelope.code, -32602);
      assert.ok(envelope.kind === 'invalid' && envelope.message.length < 200, 'what is too long is not repeated');
    });
  }

  it('passes where it is as long as may be', () => {
    for (const [method, params] of [
      ['tools/call', { name: 'n'.repeat(256), arguments: { name: long, uri: 'x'.repeat(100 * KIB) } }],
      ['resources/read', { uri: 'x'.repeat(8 * KIB) }],
      ['tools/call', { name: 'a', _meta: { progressToken: 12 } }],
      ['initialize', { clientInfo: { name: 'n'.repeat(256), icons: [{ src: 'x'.repeat(20 * KIB) }] } }],
      ['initialize', { capabilities: { experimental: { a: 'c'.repeat(15 * KIB) } } }],
    ] as const)
      assert.equal(request(method, params).kind, 'request');
  });

  it('is refused with its id, and a too long id is not repeated either', () => {
    const named = request('tools/call', { name: long }, 'mine');
    assert.ok(named.kind === 'invalid' && named.idText === '"mine"');
    for (const id of ['i'.repeat(300), '9'.repeat(10_000)]) {
      const text = `{"jsonrpc":"2.0","id":${id.startsWith('9') ? id : JSON.stringify(id)},"method":"ping"}`;
      const envelope = readEnvelope(text);
      assert.ok(envelope.kind === 'invalid' && envelope.idText === 'null');
    }
    const digits = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":${'9'.repeat(10_000)}}}}`;
    assert.equal(readEnvelope(digits).kind, 'invalid');
  });
});

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world?.end());

describe('a caller with names of megabytes', () => {
  it('leaves nothing in the log, reaches no server, and calls on', async () => {
    world = await startWorld({ web: fixtureServer() });
    await world.rule('allow', '*', 'web__*');
    const client = world.connect();
    assert.equal(textOf(await client.call('web__echo', { text: 'hello' })), 'hello');
    const uri = `file:///${'x'.repeat(KIB * KIB)}`;
    for (let index = 0; index < 20; index++) {
      assert.equal((await client.request('resources/read', { uri: `${uri}${index}` })).error?.code, -32602);
      assert.equal((await client.call(`web__${uri}${index}`)).error?.code, -32602);
    }
    const through = world.connect(undefined, undefined, 'search');
    assert.match(
      textOf(await through.call('call_tool', { name: `web__${uri}`, arguments: {} })),
      /"name" is longer than 256 characters/,
    );
    assert.equal(textOf(await client.call('web__echo', { text: 'still' })), 'still');
    assert.equal((await world.calls()).length, 2);
    assert.equal((await world.received('web', 'resources/read')).length, 0);
  });
});
