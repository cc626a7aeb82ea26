// What is not meant for a person does not reach them: not what a server says of itself, not whether a thing is there, and no server is
// started in vain.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until } from '../../../../test/world/until.ts';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { foldingServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type Message, type TestClient } from '../fixtures/gateway-world.ts';
import { modernMeta } from '../fixtures/modern-client.ts';

async function startTwo(t: TestContext) {
  const world = await startWorld({
    svc: { transport: foldingServer(), isolation: 'per-user' },
    open: { transport: foldingServer(), isolation: 'per-user' },
  });
  t.after(() => world.end());
  await world.rule('allow', 'user:ada', '*');
  await world.rule('allow', 'user:bob', 'open__*');
  const isStarted = (name: string) =>
    world.upstreams.status('default').some((status) => status.name === name && status.processes > 0);
  return { ...world, isStarted };
}

async function introduced(client: TestClient): Promise<Message> {
  const clientInfo = { name: 't', version: '1' };
  return await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
}

const instructionsIn = ({ result }: Message) => String(result?.['instructions']);
/** A server that takes long to start is not waited for. */
const untilIntroduced = (client: TestClient, words: RegExp) =>
  until(`a client hears ${words}`, async () => words.test(instructionsIn(await introduced(client))));

/** With the name that was asked for taken out of it. */
const said = (message: Message, name: string) => {
  const { id: _id, ...rest } = message;
  return JSON.stringify(rest)
    .replaceAll(name, 'NAME')
    .replaceAll(/"policy_version":\d+/g, '')
    .replaceAll(/\bq_[a-z0-9]{8}\b/g, 'ID');
};

describe('a server of which a person may use nothing', () => {
  it('says nothing to their client, by either generation, and is not started for it', async (t) => {
    const world = await startTwo(t);
    for (const door of [undefined, 'svc']) {
      const client = world.connect(bob, door);
      const hello = await introduced(client);
      const found = await client.request('server/discover', { _meta: modernMeta() });
      const foreign = door === 'svc' ? /folding/ : /svc/;
      for (const answer of [hello, found]) assert.doesNotMatch(JSON.stringify(answer), foreign);
      for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'tasks/list'])
        await client.request(method);
      await client.request('logging/setLevel', { level: 'debug' });
      await client.request('mcpgate/session');
      await client.call('svc__nothing_cut_0badcafe');
    }
    assert.equal(world.isStarted('svc'), false);
    const allowed = world.connect(bob, 'open');
    await untilIntroduced(allowed, /Server open says of itself: The folding server says hello/);
    await untilIntroduced(world.connect(ada), /Server open says of itself[^]*Server svc says of itself/);
  });

  it('says nothing either where a rule denies all that it offers', async (t) => {
    const world = await startTwo(t);
    await world.rule('allow', 'user:bob', '*');
    for (const what of ['svc__*', 'prompt:svc__*']) await world.rule('deny', 'user:bob', what);
    await untilIntroduced(world.connect(bob), /Server svc says/); // it has resources still
    await world.rule('deny', 'user:bob', 'resource:file:///*');
    assert.doesNotMatch(instructionsIn(await introduced(world.connect(bob))), /Server svc says/);
  });
});

describe('a thing that a person may not use', () => {
  it('is answered like one that is not there: tools, prompts, resources, completions', async (t) => {
    const world = await startTwo(t);
    const client = world.connect(bob);
    const other = world.connect(bob, 'svc');
    const nowhere = world.connect(bob, 'nil');
    // It runs, and its lists are known.
    await world.connect(ada).toolNames();
    const argument = { name: 'a', value: '' };
    const ways: [string, (name: string) => [method: string, params: object]][] = [
      ['a tool', (name) => ['tools/call', { name: `svc__${name}` }]],
      ['a prompt', (name) => ['prompts/get', { name: `svc__${name}` }]],
      ['a resource', (name) => ['resources/read', { uri: `svc+file:///secret/${name}` }]],
      ['a subscription', (name) => ['resources/subscribe', { uri: `svc+file:///secret/${name}` }]],
      [
        'a completion',
        (name) => ['completion/complete', { ref: { type: 'ref/prompt', name: `svc__${name}` }, argument }],
      ],
      [
        'a template',
        (name) => ['completion/complete', { ref: { type: 'ref/resource', uri: `svc+file:///${name}` }, argument }],
      ],
      ['a task', (name) => ['tasks/get', { taskId: `svc+${name}` }]],
    ];
    for (const [what, asked] of ways) {
      const name = what === 'a resource' || what === 'a subscription' ? 'key' : 'allowed';
      const [there, missing] = [await client.request(...asked(name)), await client.request(...asked('nothing'))];
      assert.equal(said(there, name), said(missing, 'nothing'), what);
      if (what !== 'a task') assert.match(JSON.stringify(there), /\[mcpgate denied\] user:bob may not/, what);
      const [method, params] = asked(name);
      const elsewhere = JSON.parse(JSON.stringify(params).replaceAll('svc', 'nil')) as object;
      assert.equal(said(there, 'svc'), said(await client.request(method, elsewhere), 'nil'), `${what} of no server`);
      const own = JSON.parse(JSON.stringify(params).replaceAll(/svc(__|\+)/g, '')) as object;
      assert.equal(
        said(await other.request(method, own), 'svc'),
        said(await nowhere.request(method, own), 'nil'),
        `${what} at /mcp/NAME`,
      );
    }
    for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'initialize'])
      assert.equal(said(await other.request(method), 'svc'), said(await nowhere.request(method), 'nil'), method);
    assert.match(
      textOf(await client.call('svc__allowed')),
      /^\[mcpgate denied\] user:bob may not call svc__allowed: no rule allows it/,
    );
    const rows = (await world.calls()).filter(({ method }) => method === 'tools/call');
    assert.ok(rows.length >= 5 && rows.every(({ status, member }) => status === 'denied' && member === 'bob'));
  });

  it('is answered like one that is not there where its name is cut, too', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const long = `secret_${'x'.repeat(60)}`;
    upstream.tools = [long, 'open.one'];
    const world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} } });
    t.after(() => world.end());
    await world.rule('allow', 'user:ada', '*');
    await world.rule('allow', 'user:bob', 'web__open*');
    const [cut = ''] = (await world.connect(ada).toolNames()).filter((name) => name.startsWith('web__secret'));
    const other = cut.replace(/.{8}$/, '00000000');
    const client = world.connect(bob);
    const same = async () => assert.equal(said(await client.call(cut), cut), said(await client.call(other), other));
    await same();
    // The cut name is allowed as it is written, what it stands for is not.
    await world.rule('allow', 'user:bob', 'web__*');
    await world.rule('deny', 'user:bob', `web__${long}`);
    await same();
    assert.deepEqual(upstream.executed, []);
    const [open = ''] = (await client.toolNames()).filter((name) => name.startsWith('web__open'));
    await client.call(open);
    assert.deepEqual(upstream.executed, ['open.one']);
  });

  it('leaves a row where it is not there and nothing denies it, and a flood of such calls a number', async (t) => {
    const world = await startTwo(t);
    const client = world.connect(ada);
    assert.equal((await client.call('svc__no_such')).error?.code, -32602);
    assert.equal((await client.call('nil__no_such')).error?.code, -32602);
    for (let count = 0; count < 100; count++) await client.call(`svc__no_such_${count}`);
    await world.gateway.closeAll('the test reads the log');
    const rows = await world.calls();
    assert.deepEqual(
      rows
        .slice(0, 2)
        .map(({ server, tool_name, status, error_code, decision }) => [
          server,
          tool_name,
          status,
          error_code,
          decision,
        ]),
      [
        ['svc', 'svc__no_such', 'failed', 'not_found', 'allow'],
        ['nil', 'nil__no_such', 'failed', 'not_found', 'allow'],
      ],
    );
    assert.ok(rows.length < 100, `${rows.length} rows`);
    const events = await world.audit.searchEvents({ workspaceId: 'default', type: 'message.refused', limit: 10 });
    assert.equal(rows.length + Number(events[0]?.data['unwritten']), 102);
  });
});
