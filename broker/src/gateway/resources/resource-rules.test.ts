// Rules about resources hold however a URI is spelled: as it is sent, and as what a server takes it for.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { FACTS } from '../../policy/fixtures/questions.ts';
import { previewVerdict } from '../../policy/rule-preview.ts';
import { foldingServer, toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, startWorld } from '../fixtures/gateway-world.ts';

type Rule = readonly ['allow' | 'deny', string];

async function startFiles(t: TestContext, rules: readonly Rule[]) {
  const world = await startWorld({ svc: foldingServer(), '7z': foldingServer() });
  t.after(() => world.end());
  for (const [effect, what] of rules) await world.rule(effect, '*', what);
  const previewed = async (what: string) =>
    previewVerdict(
      compilePolicy(await world.store.policy.snapshot('default')),
      { principal: ada, facts: FACTS },
      ['7z', 'svc'],
      what,
    ).decision;
  const read = async (uri: string) => {
    const own = await world.connect(ada, 'svc').request('resources/read', { uri });
    const [through] = [await world.connect().request('resources/read', { uri: `svc+${uri}` })];
    assert.equal(own.error?.code, through.error?.code, uri);
    const decision = own.error?.code === -32010 ? 'deny' : 'allow';
    assert.equal(await previewed(`resource:svc+${uri.replaceAll(' ', '%20')}`), decision, `the preview of ${uri}`);
    return decision;
  };
  const reached = async () => {
    const lines = await world.receivedTexts('svc').catch(() => []);
    return lines.flatMap((line) => {
      const { carried, out } = JSON.parse(line) as { carried?: string; out?: string };
      return carried === undefined ? [] : [out];
    });
  };
  return { ...world, read, reached };
}

const ESCAPES = [
  'file:///pub/../secret/key',
  'file:///pub/%2e%2e/secret/key',
  'file:///pub/%2E%2E%2Fsecret%2Fkey',
  'file:///pub/..%5Csecret%5Ckey',
  'file:///pub/%252e%252e/secret/key',
  'file:///pub/./../secret/key',
  'file:///pub//../secret/key',
  'file:///pub/a/../../secret/key',
  'file:///pub/x?/../../secret/key',
  'file:///pub/..;/secret/key',
  'file:///pub/../secret/key?/../../pub/a',
  'file:///pub/%2e%2e/secret/key#/../../pub/a',
  'file:///pub/../secret/key%3f/../../pub/a',
];
const SPELLINGS = [
  'file:///secret/key',
  'file:///%73ecret/key',
  'FILE:///secret/key',
  'File://LOCALHOST/secret/key',
  'file:/secret/key',
  'file:////secret/key',
  'file:///secret//key',
  'file:///secret/./key',
  'file:///x/../secret/key',
  'file:///secret/key%00',
  'file:///secret/key%00.txt',
  'file:///secret/key?x=1',
  'file:///secret/key#x',
  'file:///secret/key/',
  'file:///%2573ecret/key',
  'file:///%73ecret/key?x=/../../../pub/a',
  'file://elsewhere/secret/key',
  'file:///secret/key;x',
];

describe('a rule about resources', () => {
  it('that allows a folder allows nothing outside of it, however the way there is written', async (t) => {
    const world = await startFiles(t, [['allow', 'resource:file:///pub/*']]);
    for (const uri of [...ESCAPES, ...SPELLINGS]) assert.equal(await world.read(uri), 'deny', uri);
    assert.deepEqual(await world.reached(), []);
    for (const uri of ['file:///pub/a', 'file:///pub/%61', 'file:///pub/./a', 'file:///pub/a?b#c', 'file:///pub/'])
      assert.equal(await world.read(uri), 'allow', uri);
    const reached = await world.reached();
    assert.ok(reached.length > 0 && reached.every((path) => path?.startsWith('/pub/') === true), reached.join());
  });

  it('that denies one denies it in every spelling, and its records name what was asked', async (t) => {
    const world = await startFiles(t, [
      ['allow', '*'],
      ['deny', 'resource:file:///secret/key'],
    ]);
    for (const uri of [...SPELLINGS, ...ESCAPES]) assert.equal(await world.read(uri), 'deny', uri);
    assert.deepEqual(await world.reached(), []);
    assert.equal(await world.read('file:///secret/key2'), 'allow');
    const rows = await world.calls();
    assert.equal(rows[0]?.tool_name, `resource:${SPELLINGS[0]}`);
    assert.ok(rows.slice(0, -2).every(({ status, rule }) => status === 'denied' && rule !== null));
  });

  it('about a host holds for each of its names and addresses', async (t) => {
    const world = await startFiles(t, [
      ['allow', '*'],
      ['deny', 'resource:http://127.0.0.1/*'],
      ['deny', 'resource:https://b\u00fccher.example/*'],
    ]);
    for (const uri of [
      'http://127.1/a',
      'http://2130706433/a',
      'http://[::ffff:7f00:1]/a',
      'https://xn--bcher-kva.example/a',
      'https://B\u00dcCHER\u3002example/a',
    ])
      assert.equal(await world.read(uri), 'deny', uri);
    assert.deepEqual(await world.reached(), []);
  });

  it('may be written in any spelling itself', async (t) => {
    for (const what of [
      'resource:FILE:///%73ecret/x/../*',
      'resource:file:/secret//*',
      'resource:svc+FILE://localhost/secret/*',
    ]) {
      const denying = await startFiles(t, [
        ['allow', '*'],
        ['deny', what],
      ]);
      for (const uri of ['file:///secret/key', 'file:///%73ecret/key'])
        assert.equal(await denying.read(uri), 'deny', what);
      const allowing = await startFiles(t, [['allow', what]]);
      assert.equal(await allowing.read('file:///secret/key'), 'allow', what);
      assert.equal(await allowing.read('file:///pub/a'), 'deny', what);
    }
  });

  it('may name the server: resource:SERVER+URI, and n. before a name that begins with a digit', async (t) => {
    const world = await startFiles(t, [
      ['allow', 'resource:svc+file:///pub/*'],
      ['allow', 'resource:n.7z+file:///pub/a'],
    ]);
    const client = world.connect();
    const codeOf = async (uri: string) => (await client.request('resources/read', { uri })).error?.code;
    assert.equal(await codeOf('svc+file:///pub/b'), undefined);
    assert.equal(await codeOf('n.7z+file:///pub/a'), undefined);
    assert.equal(await codeOf('n.7z+file:///pub/b'), -32010);
    assert.equal(await codeOf('svc+file:///pub/../secret/key'), -32010);
    const preview = previewVerdict(
      compilePolicy(await world.store.policy.snapshot('default')),
      { principal: ada, facts: FACTS },
      ['7z', 'svc'],
      'resource:file:///pub/b',
    );
    assert.equal(preview.decision, 'deny');
    assert.match(preview.reason, /at server 7z; another one allows it: ask with resource:SERVER\+URI/);
  });

  it('holds for templates, subscriptions, completions, streams of changes and what a server tells of', async (t) => {
    const world = await startFiles(t, [
      ['allow', '*'],
      ['deny', 'resource:FILE:///secret/*'],
    ]);
    const client = world.connect();
    const { result } = await client.request('resources/list');
    const uris = ((result?.['resources'] ?? []) as { uri: string }[]).map(({ uri }) => uri);
    assert.deepEqual(
      uris.filter((uri) => uri.includes('secret')),
      [],
    );
    assert.deepEqual((await client.request('resources/templates/list')).result?.['resourceTemplates'], []);
    const uri = 'svc+file:///pub/%2e%2e/secret/key';
    for (const [method, params] of [
      ['resources/read', { uri }],
      ['resources/subscribe', { uri }],
      ['resources/unsubscribe', { uri }],
      [
        'completion/complete',
        { ref: { type: 'ref/resource', uri: 'svc+file:///x/../secret/{n}' }, argument: { name: 'n', value: '' } },
      ],
    ] as const)
      assert.equal((await client.request(method, params)).error?.code, -32010, method);
    assert.deepEqual(await world.reached(), []);
  });

  it('is asked about what a server says has changed, in every spelling', async (t) => {
    const world = await startWorld({ told: toldServer({ capabilities: { resources: { subscribe: true } } }) });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = world.connect();
    await client.request('resources/subscribe', { uri: 'told+file:///' });
    await world.rule('deny', '*', 'resource:file:///secret/*');
    const updated = (uri: string) =>
      JSON.stringify({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
    await client.call('told__say', { lines: [updated('file:///%73ecret/key'), updated('file:///pub/a')] });
    const heard = await client.next(({ method }) => method === 'notifications/resources/updated');
    assert.equal(heard.params?.['uri'], 'told+file:///pub/a');
  });
});
