// Extensions of MCP in the entry with all servers: what servers declare is declared, and their methods find their server and are judged.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';
import { modernClient } from '../fixtures/modern-client.ts';

const SKILLS = 'io.modelcontextprotocol/skills';
const EVENTS = 'io.modelcontextprotocol/events';
/** Which no server may go past that is asked for ten minutes. */
const soon = () => new Date(Date.now() + 600_000).toISOString();
const skillOf = (name: string) => ({
  uri: `skill://team/${name}/SKILL.md`,
  frontmatter: { name, description: `how to ${name}` },
  resources: [{ uri: `skill://team/${name}/SKILL.md`, digest: 'sha256:0', size: 1 }],
});
const directory = { resources: [{ uri: 'skill://team/deploy/a.md', name: 'a.md' }] };

function skilled(skills: string[], settings: object, events: object[] = []) {
  return toldServer({
    capabilities: {
      resources: {},
      extensions: { [SKILLS]: settings, ...(events.length > 0 && { [EVENTS]: { listChanged: true } }) },
    },
    lists: { 'skills/list': skills.map(skillOf), 'events/list': events },
    answers: {
      'skills/get': { skill: skillOf(skills[0] ?? '') },
      'resources/directory/read': directory,
      'events/poll': { events: [{ eventId: '1', name: 'mail.came', data: {} }], cursor: 'c' },
      'events/subscribe': { id: 'sub', refreshBefore: soon(), cursor: null },
    },
  });
}

const mail = { name: 'mail.came', delivery: ['poll', 'push'], inputSchema: { type: 'object' } };
const pushed = { name: 'only.pushed', delivery: ['push'] };

async function startTwo(t: TestContext) {
  const world = await startWorld(
    { ops: skilled(['deploy'], { directoryRead: true }, [mail, pushed]), web: skilled(['deploy', 'style'], {}) },
    { gateway: { listDeadlineMs: 60_000 } },
  );
  t.after(() => world.end());
  return world;
}

const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };

const extensionsIn = ({ result }: Message) =>
  (result as { capabilities?: { extensions?: object } } | undefined)?.capabilities?.extensions;

describe('an extension of servers', () => {
  it('is declared with what any of them can do, to clients of both generations', async (t) => {
    const world = await startTwo(t);
    await world.rule('allow', '*', '*');
    const expected = { [SKILLS]: { directoryRead: true }, [EVENTS]: { listChanged: true } };
    assert.deepEqual(extensionsIn(await world.connect().request('initialize', initialize)), expected);
    const modern = await modernClient(world.connect()).request('server/discover');
    assert.deepEqual(extensionsIn(modern), expected);
    const alone = await world.connect(ada, 'web').request('initialize', initialize);
    assert.deepEqual(extensionsIn(alone), { [SKILLS]: {} });
  });

  it('has its skills listed under URIs that lead back, each to its server', async (t) => {
    const world = await startTwo(t);
    await world.rule('allow', '*', '*');
    const client = world.connect();
    const { result } = await client.request('skills/list');
    const skills = result?.['skills'] as { uri: string; resources: { uri: string }[] }[];
    const uris = ['skill://ops+/team/deploy/SKILL.md', 'skill://web+/team/deploy/SKILL.md'];
    assert.deepEqual(
      skills.map(({ uri }) => uri),
      [...uris, 'skill://web+/team/style/SKILL.md'],
    );
    for (const { uri, resources } of skills) assert.equal(resources[0]?.uri, uri);
    const read = await client.request('resources/read', { uri: uris[1] });
    assert.deepEqual(read.result?.['contents'], [{ uri: uris[1], text: 'of skill://team/deploy/SKILL.md' }]);
    const got = await client.request('skills/get', { uri: uris[0] });
    assert.deepEqual(got.result?.['skill'], skills[0]);
    const inside = await client.request('resources/directory/read', { uri: 'skill://ops+/team/deploy' });
    assert.deepEqual(inside.result?.['resources'], [{ uri: 'skill://ops+/team/deploy/a.md', name: 'a.md' }]);
    assert.deepEqual(
      (await world.received('ops', 'resources/directory/read')).map(({ params }) => params?.['uri']),
      ['skill://team/deploy'],
    );
    assert.equal((await world.received('web', 'skills/get')).length, 0);
  });

  it('shows and does only what the rules allow', async (t) => {
    const world = await startTwo(t);
    await world.rule('allow', '*', 'resource:skill://*');
    await world.rule('deny', '*', 'resource:skill://ops+/*');
    const client = world.connect();
    const { result } = await client.request('skills/list');
    assert.equal((result?.['skills'] as unknown[] | undefined)?.length, 2);
    for (const uri of ['skill://ops+/team/deploy/SKILL.md', 'ops+skill://team/deploy/SKILL.md'])
      for (const method of ['skills/get', 'resources/directory/read', 'resources/read'])
        assert.equal((await client.request(method, { uri })).error?.code, -32010, `${method} ${uri}`);
    assert.deepEqual((await client.request('events/list')).result, { events: [] });
    for (const method of ['events/poll', 'events/stream', 'events/subscribe', 'events/unsubscribe'])
      assert.equal((await client.request(method, { name: 'ops__mail.came' })).error?.code, -32010, method);
    const lines = await world.receivedTexts('ops').catch(() => []);
    assert.doesNotMatch(lines.join(), /skills\/get|directory|events\/(poll|stream|subscribe)|resources\/read/);
  });

  it('is subscribed to only once somebody has said yes, where a rule asks; a subscription is ended without', async (t) => {
    const world = await startTwo(t);
    world.gateway.endWaits();
    const asks = { effect: 'ask', who: ['*'], what: ['event:ops__*'], approvers: ['group:leads'], createdBy: 'test' };
    await world.store.policy.addRule('default', { ...asks, effect: 'ask' });
    world.gateway.policyChanged('default');
    const client = world.connect();
    for (const method of ['events/poll', 'events/stream', 'events/subscribe']) {
      const answer = await client.request(method, { name: 'ops__mail.came' });
      assert.match(JSON.stringify(answer), /rule r_\w+ asks group:leads/, method);
    }
    await client.request('events/unsubscribe', { name: 'ops__mail.came' });
    const reached = async (method: string) => (await world.received('ops', method)).length;
    assert.equal(await reached('events/unsubscribe'), 1);
    for (const method of ['events/poll', 'events/subscribe', 'events/stream']) assert.equal(await reached(method), 0);
  });

  it('has its events listed, polled and subscribed to, by the name that says the server and by its own', async (t) => {
    const world = await startTwo(t);
    await world.rule('allow', '*', 'event:ops__*');
    const client = world.connect();
    const listed = [mail, pushed].map((each) => ({ ...each, name: `ops__${each.name}` }));
    assert.deepEqual((await client.request('events/list')).result, { events: listed });
    for (const name of ['ops__mail.came', 'mail.came']) {
      const polled = await client.request('events/poll', { name, arguments: {}, cursor: null });
      assert.deepEqual(polled.result?.['events'], [{ eventId: '1', name: 'ops__mail.came', data: {} }]);
    }
    await client.request('events/subscribe', { name: 'ops__mail.came', delivery: { mode: 'webhook' }, ttlMs: null });
    assert.deepEqual(
      (await world.received('ops', 'events/poll')).map(({ params }) => params),
      [1, 2].map(() => ({ name: 'mail.came', arguments: {}, cursor: null })),
    );
    assert.deepEqual((await world.received('ops', 'events/subscribe'))[0]?.params, {
      ...{ name: 'mail.came', delivery: { mode: 'webhook' }, ttlMs: 600_000 },
    });
    assert.deepEqual(
      (await world.calls()).map(({ method, tool_name, status }) => [method, tool_name, status]),
      ['events/poll', 'events/poll', 'events/subscribe'].map((method) => [method, 'event:ops__mail.came', 'ok']),
    );
  });
});

describe('a name without its server', () => {
  const tools = (...names: string[]) =>
    toldServer({
      capabilities: { prompts: {}, resources: {} },
      lists: {
        'tools/list': names.map((name) => ({ name, inputSchema: { type: 'object' } })),
        'prompts/list': names.map((name) => ({ name })),
        'resources/list': names.map((name) => ({ uri: `doc:${name}`, name })),
      },
    });

  it('does not mean a server that happens to answer, where one that cannot be read now has such a tool, too', async (t) => {
    const away = { kind: 'stdio' as const, command: process.execPath, args: ['-e', 'process.exit(1)'], env: {} };
    const world = await startWorld({ a: away, b: tools('both', 'mine') });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const listed = { key: 'both', text: JSON.stringify({ name: 'both', inputSchema: { type: 'object' } }) };
    await world.definitions.review(world.serverNamed('a'), 'tools', { userKey: 'user:u-ada' }, [listed]);
    const client = world.connect();
    assert.match((await client.call('both')).error?.message ?? '', /several servers.*"a__both", "b__both"/);
    assert.equal(textOf(await client.call('mine')), 'called mine');
    assert.deepEqual(
      (await world.received('b', 'tools/call')).map(({ params }) => (params as { name: string }).name),
      ['mine'],
    );
  });

  it('means the thing of the only server that has it, for the one who may use it', async (t) => {
    const world = await startWorld({ a: tools('both', 'mine'), b: tools('both', 'its__own') });
    t.after(() => world.end());
    const all = await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.equal(textOf(await client.call('mine')), 'called mine');
    assert.equal(textOf(await client.call('its__own')), 'called its__own');
    const prompt = await client.request('prompts/get', { name: 'mine' });
    assert.match(JSON.stringify(prompt.result), /"mine"/);
    const read = await client.request('resources/read', { uri: 'doc:mine' });
    assert.match(JSON.stringify(read.result), /"a\+doc:mine"/);
    const several = await client.call('both');
    assert.match(several.error?.message ?? '', /"both" is of several servers.*"a__both", "b__both"/);
    assert.equal((await client.call('nobodys')).error?.code, -32602);

    await world.rule('deny', 'user:ada', 'b__both');
    assert.equal(textOf(await client.call('both')), 'called both');
    const records = await world.calls();
    assert.equal(records.at(-1)?.tool_name, 'a__both', 'the record has the whole name');
    await world.store.policy.removeRule('default', all);
    world.gateway.policyChanged('default');
    for (const name of ['mine', 'both', 'its__own'])
      assert.match(textOf(await client.call(name)), /^\[mcpgate denied\]/);
    assert.equal((await world.received('a', 'tools/call')).length, 2);
    assert.equal((await world.received('b', 'tools/call')).length, 1);
  });
});
