// Sampling and elicitation as tasks of the AI client (2025-11-25).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connectSessionClient } from 'mcpgate-test/world/clients/session-client';
import { until } from '../../../../test/world/until.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, startWorld, type Message, type TestClient } from '../fixtures/gateway-world.ts';

const require = createRequire(import.meta.url);
const script = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);
const TASKS = { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } };
const at = '2026-11-21T00:00:00Z';
const taskOf = (taskId: string) => ({ taskId, status: 'working', ttl: 60_000, createdAt: at, lastUpdatedAt: at });

async function startWith(t: TestContext, servers: Parameters<typeof startWorld>[0]) {
  const world = await startWorld(servers);
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  return world;
}

/** Two servers that say what they are told to, each on a connection of the session’s own. */
async function startTold(t: TestContext, capabilities: object) {
  const told = { transport: toldServer(), isolation: 'per-session' as const };
  const world = await startWith(t, { one: told, two: told });
  const client = world.connect(ada);
  await client.request('initialize', { protocolVersion: '2025-11-25', capabilities });
  const [homeName = ''] = await (async () => {
    await client.call('one__say');
    await client.call('two__say');
    return world.homeNames('one');
  })();
  let lastId = 0;
  /** What the server gets for an answer; `answer`: the client’s, where it is asked at all. */
  async function ask(server: 'one' | 'two', method: string, params: object, answer?: object): Promise<Message> {
    const id = `${server}-${++lastId}`;
    await client.call(`${server}__say`, { lines: [JSON.stringify({ jsonrpc: '2.0', id, method, params })] });
    if (answer !== undefined) {
      const question = await client.next((message) => message.method === method);
      client.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: answer }));
    }
    const find = async () =>
      (await world.received(server, undefined, homeName)).find((message) => String(message.id) === id);
    return await until(`an answer to ${method}`, find);
  }
  return { world, client, homeName, ask };
}

const make = (ask: Awaited<ReturnType<typeof startTold>>['ask'], server: 'one' | 'two', taskId: string) =>
  ask(
    server,
    'sampling/createMessage',
    { messages: [], maxTokens: 1, task: { ttl: 60_000 } },
    { task: taskOf(taskId) },
  );

const asked = (client: TestClient, method: string) =>
  client.texts.filter((text) => text.includes(`"${method}"`)).length;

describe('what a server asks as a task of the client', () => {
  it('is done by the official client for a real server: made, asked after, fetched', { timeout: 60_000 }, async (t) => {
    const transport = { kind: 'stdio' as const, command: 'node', args: [script], env: {} };
    const world = await startWith(t, { every: { transport, isolation: 'per-session' } });
    const { sdk, call } = await connectSessionClient((send) => {
      const session = world.gateway.open({ principal: ada, send });
      return { receive: (text) => session.receive(text), close: () => session.close('over') };
    }, TASKS);
    await until('the tool is there', async () =>
      (await sdk.listTools()).tools.some(({ name }) => name === 'every__trigger-sampling-request-async'),
    );
    const text = await call('every__trigger-sampling-request-async', { prompt: 'flowers' });
    assert.match(text, /^\[COMPLETED\]/);
    assert.match(text, /roses/);
    await sdk.close();
  });

  it('is that server’s alone: another of the same session neither sees nor touches it', async (t) => {
    const { client, ask, world, homeName } = await startTold(t, { sampling: {}, tasks: TASKS });
    assert.deepEqual((await make(ask, 'one', 'task-1')).result, { task: taskOf('task-1') });
    assert.deepEqual((await make(ask, 'two', 'task-2')).result, { task: taskOf('task-2') });
    const state = await ask('one', 'tasks/get', { taskId: 'task-1' }, taskOf('task-1'));
    assert.deepEqual(state.result, taskOf('task-1'));

    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const before = asked(client, method);
      assert.equal((await ask('two', method, { taskId: 'task-1' })).error?.code, -32602, method);
      assert.equal((await ask('two', method, { taskId: 'made-up' })).error?.code, -32602, method);
      assert.equal(asked(client, method), before, 'the client was not asked');
    }
    const all = { tasks: [taskOf('task-1'), taskOf('task-2'), taskOf('of-nobody-here')], nextCursor: 'c' };
    const listed = await ask('two', 'tasks/list', {}, all);
    assert.deepEqual(listed.result, { tasks: [taskOf('task-2')], nextCursor: 'c' });

    const status = { jsonrpc: '2.0', method: 'notifications/tasks/status', params: taskOf('task-1') };
    client.raw(JSON.stringify(status));
    client.raw(JSON.stringify({ ...status, params: taskOf('of-nobody-here') }));
    client.raw(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }));
    const told = (server: string) => world.received(server, 'notifications/tasks/status', homeName);
    await until('both heard of the roots', async () => {
      const heard = await Promise.all(
        ['one', 'two'].map((server) => world.received(server, 'notifications/roots/list_changed', homeName)),
      );
      return heard.every((each) => each.length === 1);
    });
    assert.deepEqual(
      (await told('one')).map(({ params }) => params),
      [taskOf('task-1')],
    );
    assert.deepEqual(await told('two'), []);
  });

  it('is not asked after where the client has not declared that', async (t) => {
    const { client, ask } = await startTold(t, { sampling: {}, tasks: { requests: TASKS.requests } });
    await make(ask, 'one', 'task-1');
    assert.equal((await ask('one', 'tasks/list', {})).error?.code, -32601);
    assert.equal((await ask('one', 'tasks/cancel', { taskId: 'task-1' })).error?.code, -32601);
    assert.deepEqual([asked(client, 'tasks/list'), asked(client, 'tasks/cancel')], [0, 0]);
    const result = { role: 'assistant', model: 'm', content: { type: 'text', text: 'done' } };
    assert.deepEqual((await ask('one', 'tasks/result', { taskId: 'task-1' }, result)).result, result);
  });
});
