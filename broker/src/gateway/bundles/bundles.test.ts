// Bundles: sessions that show some tools under other names and texts, with arguments that the bundle fixes; rules and records know the true tools.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import type { Bundle, BundleTool } from '../../domain/bundle.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';
import { modernClient } from '../fixtures/modern-client.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

const schema = {
  type: 'object',
  properties: { owner: { type: 'string' }, title: { type: 'string' }, 'a.b': {}, ünï: {} },
  required: ['owner', 'title'],
  dependentRequired: { title: ['owner'] },
};
const issue = { name: 'create_issue', title: 'Issue', description: 'Makes an issue.', inputSchema: schema };
const other = { name: 'delete_repo', inputSchema: { type: 'object' } };

type Spec = Partial<Pick<BundleTool, 'name' | 'description' | 'fixed'>> & { server?: string; tool?: string };

async function start(): Promise<void> {
  world = await startWorld(
    {
      git: toldServer({ capabilities: { resources: {}, prompts: {} }, lists: { 'tools/list': [issue, other] } }),
      wiki: toldServer({ lists: { 'tools/list': [issue] } }),
    },
    { gateway: { listDeadlineMs: 60_000 } },
  );
}

async function bundle(name: string, tools: readonly Spec[], description: string | null = null): Promise<Bundle> {
  const made = await world.store.bundles.create('default', {
    name,
    description,
    createdBy: 'test',
    tools: tools.map(({ server = 'git', tool = 'create_issue', ...rest }) => ({
      ...{ serverId: world.serverNamed(server).id, server, tool, name: tool, description: null, fixed: {} },
      ...rest,
    })),
  });
  world.gateway.policyChanged('default');
  return made;
}

const KIT: Spec[] = [
  { name: 'report', description: 'Tells the team.', fixed: { owner: 'acme' } },
  { server: 'wiki', name: 'note' },
];

const toolsIn = ({ result }: Message) => result?.['tools'] as (typeof issue)[];
const argumentsAt = async (server: string) =>
  (await world.received(server, 'tools/call')).map(({ params }) => params?.['arguments']);

describe('a bundle', () => {
  it('shows its tools under their names and texts, without what is fixed, to clients of both generations', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', KIT);
    const legacy = await world.connect(ada, 'kit').request('tools/list');
    const modern = await modernClient(world.connect(ada, 'kit')).request('tools/list');
    for (const listed of [legacy, modern]) {
      const { owner: _owner, ...properties } = schema.properties;
      assert.deepEqual(toolsIn(listed), [
        {
          ...issue,
          name: 'report',
          description: 'Tells the team.',
          inputSchema: { ...schema, properties, required: ['title'], dependentRequired: { title: [] } },
        },
        { ...issue, name: 'note' },
      ]);
    }
    for (const [method, member] of [
      ['prompts/list', 'prompts'],
      ['resources/list', 'resources'],
      ['resources/templates/list', 'resourceTemplates'],
    ] as const)
      assert.deepEqual((await world.connect(ada, 'kit').request(method)).result, { [member]: [] });
  });

  it('calls the true tool with what is fixed, and the record has that name and these arguments', async () => {
    await start();
    await world.rule('allow', '*', 'git__create_issue');
    await bundle('kit', [{ name: 'report', fixed: { owner: 'acme', 'a.b': [1, { c: null }], ünï: '✓' } }]);
    const client = world.connect(ada, 'kit');
    assert.equal(textOf(await client.call('report', { title: 'x' })), 'called create_issue');
    assert.equal(textOf(await client.request('tools/call', { name: 'report' })), 'called create_issue');
    const modern = modernClient(world.connect(ada, 'kit'));
    assert.equal(textOf(await modern.request('tools/call', { name: 'report', arguments: {} })), 'called create_issue');
    const fixed = { owner: 'acme', 'a.b': [1, { c: null }], ünï: '✓' };
    assert.deepEqual(await argumentsAt('git'), [{ ...fixed, title: 'x' }, fixed, fixed]);
    const [first] = await world.calls();
    assert.deepEqual([first?.server, first?.tool_name, first?.decision], ['git', 'git__create_issue', 'allow']);
    assert.deepEqual(first?.arg_keys, ['owner', 'a.b', 'ünï', 'title']);
    const text = '{"owner":"acme","a.b":[1,{"c":null}],"ünï":"✓","title":"x"}';
    assert.equal(first?.args_digest, world.audit.digestOf('default', hash('sha256', text, 'hex')));
  });

  it('refuses plainly what it has fixed, in every spelling of the name, and nothing is sent', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', KIT);
    const client = world.connect(ada, 'kit');
    for (const name of ['owner', 'Owner', 'OWNER', 'ow\u200bner', 'owner\u0000', 'ｏwner']) {
      const answer = await client.call('report', { title: 'x', [name]: 'eve' });
      assert.match(textOf(answer), /^\[mcpgate\] the argument .* cannot be given; bundle kit/, JSON.stringify(name));
      assert.equal(answer.result?.['isError'], true);
    }
    client.raw(
      '{"jsonrpc":"2.0","id":"e","method":"tools/call","params":{"name":"report","arguments":{"\\u006fwner":"eve"}}}',
    );
    assert.match(textOf(await client.next(({ id }: Message) => id === 'e')), /cannot be given/);
    const raw = (id: string, args: string, rest = '') =>
      `{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":{"name":"report","arguments":${args}${rest}}}`;
    for (const [id, line] of Object.entries({
      d1: raw('d1', '{"title":"x","owner":"eve","owner":"acme"}'),
      d2: raw('d2', '{"owner":"eve","\\u006fwner":"acme"}'),
      d3: raw('d3', '{"title":"x"}', ',"arguments":{"owner":"eve"}'),
      d4: raw('d4', '{"title":"x"}', ',"\\u0061rguments":{"owner":"eve"}'),
      d5: raw('d5', '{"title":"x","__proto__":{"owner":"eve"}}'),
      d6: raw('d6', '{"x":[{"constructor":{"prototype":{"owner":"eve"}}}]}'),
    })) {
      client.raw(line);
      const answer = await client.next((message: Message) => message.id === id || (message.id ?? null) === null);
      assert.match(JSON.stringify(answer), /cannot be given|twice|more than once/, line);
    }
    for (const name of ['git__create_issue', 'create_issue', 'delete_repo', 'git__delete_repo', 'say'])
      assert.match((await client.call(name)).error?.message ?? '', /there is no tool .* in bundle kit/);
    assert.deepEqual(await argumentsAt('git').catch(() => []), []);
    assert.equal(textOf(await client.call('note', { owner: 'free' })), 'called create_issue');
    assert.deepEqual(await argumentsAt('wiki'), [{ owner: 'free' }]);
  });

  it('widens nothing: what a rule denies is neither listed nor called', async () => {
    await start();
    await world.rule('allow', '*', 'wiki__*');
    await bundle('kit', KIT);
    const client = world.connect(ada, 'kit');
    assert.deepEqual(await client.toolNames(), ['note']);
    assert.match(textOf(await client.call('report', { title: 'x' })), /^\[mcpgate denied\].*git__create_issue/);
    assert.deepEqual(await argumentsAt('git').catch(() => []), []);
    assert.deepEqual(
      (await world.calls()).map(({ tool_name, status }) => [tool_name, status]),
      [['git__create_issue', 'denied']],
    );
    const bound = world.connect({ ...ada, servers: ['git'] }, 'kit');
    assert.deepEqual(await bound.toolNames(), []);
  });

  it('may be what a rule allows or denies: only as it fixes the tools, and only through it', async () => {
    await start();
    const only = await world.rule('allow', '*', 'bundle:kit');
    await bundle('kit', KIT);
    await bundle('bare', [{ name: 'report' }]);
    const client = world.connect(ada, 'kit');
    assert.deepEqual(await client.toolNames(), ['report', 'note']);
    assert.equal(textOf(await client.call('report', { title: 'x' })), 'called create_issue');
    assert.deepEqual(await world.connect(ada, 'bare').toolNames(), []);
    const others = [
      await world.connect().call('git__create_issue', { owner: 'eve' }),
      await world.connect().call('create_issue', { owner: 'eve' }),
      await world.connect(ada, 'git').call('create_issue', { owner: 'eve' }),
      await world.connect(ada, 'bare').call('report', { owner: 'eve' }),
    ];
    for (const answer of others) assert.match(textOf(answer), /^\[mcpgate denied\]/);
    await world.rule('allow', '*', '*');
    await world.store.policy.removeRule('default', only);
    await world.rule('deny', '*', 'bundle:k*');
    assert.deepEqual(await client.toolNames(), []);
    assert.match(textOf(await client.call('report', { title: 'y' })), /^\[mcpgate denied\]/);
    assert.equal(textOf(await world.connect().call('git__create_issue', { owner: 'free' })), 'called create_issue');
    assert.deepEqual(await argumentsAt('git'), [{ owner: 'acme', title: 'x' }, { owner: 'free' }]);
  });

  it('says what it is for, and offers what it has', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', KIT, 'For those who report.');
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const { result } = await world.connect(ada, 'kit').request('initialize', params);
    assert.match(String(result?.['instructions']), /put together as kit.*\n\nFor those who report\.$/s);
    assert.deepEqual(Object.keys(result?.['capabilities'] as object), ['tools', 'resources']);
  });

  it('is changed and removed for sessions that are open, which hear of it', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', KIT);
    const client = world.connect(ada, 'kit');
    assert.deepEqual(await client.toolNames(), ['report', 'note']);
    await world.store.bundles.update('default', 'kit', ({ tools, description }) => ({
      tools: tools.slice(1),
      description,
    }));
    world.gateway.policyChanged('default');
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    assert.deepEqual(await client.toolNames(), ['note']);
    assert.notEqual((await client.call('report')).error, undefined);
    await world.store.bundles.remove('default', 'kit');
    world.gateway.policyChanged('default');
    assert.match((await client.request('tools/list')).error?.message ?? '', /no server or bundle "kit"/);
    assert.notEqual((await client.call('note')).error, undefined);
    assert.deepEqual(await argumentsAt('wiki').catch(() => []), []);
  });

  it('reaches resources of its servers alone', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', [{ name: 'report' }]);
    const client = world.connect(ada, 'kit');
    const { result } = await client.request('resources/read', { uri: 'ui://git+/view' });
    assert.deepEqual(result?.['contents'], [{ uri: 'ui://git+/view', text: 'of ui://view' }]);
    for (const uri of ['wiki+doc:1', 'ui://wiki+/view'])
      assert.notEqual((await client.request('resources/read', { uri })).error, undefined);
    assert.notEqual((await client.request('prompts/get', { name: 'git__x' })).error, undefined);
  });
});

describe('the bundle of a group', () => {
  it('is what its people see by default, and takes no tool away that they ask for by its whole name', async () => {
    await start();
    await world.rule('allow', '*', '*');
    await bundle('kit', KIT);
    await bundle('zoo', [{ name: 'animals' }]);
    await world.store.groups.add('default', 'eng', []);
    await world.store.groups.add('default', 'aces', []);
    await world.store.bundles.setDefault('default', 'eng', 'kit');
    world.gateway.policyChanged('default');
    const client = world.connect(ada);
    assert.deepEqual(await client.toolNames(), ['report', 'note']);
    assert.equal(textOf(await client.call('report')), 'called create_issue');
    assert.equal(textOf(await client.call('git__delete_repo')), 'called delete_repo');
    assert.ok((await world.connect(bob).toolNames()).includes('git__delete_repo'), 'bob is in no group');
    assert.ok((await world.connect(ada, undefined, 'all').toolNames()).includes('git__delete_repo'));
    assert.ok((await world.connect(ada, 'git').toolNames()).includes('delete_repo'));
    await world.store.bundles.setDefault('default', 'aces', 'zoo');
    world.gateway.policyChanged('default');
    const both = {
      ...ada,
      user: { ...bob.user, id: 'u-x', name: 'x', role: 'member', groups: ['eng', 'aces'] },
    } as const;
    assert.deepEqual(await world.connect(both).toolNames(), ['animals'], 'the first group by name counts');
    await world.store.bundles.remove('default', 'zoo');
    world.gateway.policyChanged('default');
    assert.deepEqual(await world.connect(both).toolNames(), ['report', 'note']);
  });
});
