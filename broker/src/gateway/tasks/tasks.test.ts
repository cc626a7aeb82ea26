// Tasks of a real server of 2025-11-25 on a connection that people share, and on one of a session's own.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type TestClient } from '../fixtures/gateway-world.ts';
import { withSeenTaskIds } from './task-ids.ts';

const require = createRequire(import.meta.url);
const script = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);

async function startEverything(t: TestContext, isolation: Isolation) {
  const transport = { kind: 'stdio' as const, command: 'node', args: [script], env: {} };
  const world = await startWorld(
    { every: { transport, isolation }, '7th': { transport } },
    { gateway: { listDeadlineMs: 60_000 } },
  );
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  return world;
}

async function makeTask(
  client: TestClient,
  name = 'every__simulate-research-query',
  more: object = {},
): Promise<string> {
  const made = await client.request('tools/call', {
    name,
    arguments: { topic: 'gates', ...more },
    task: { ttl: 60_000 },
  });
  const task = (made.result?.['task'] ?? {}) as { taskId?: string };
  return task.taskId ?? '';
}

describe('tasks of 2025-11-25', () => {
  it('are unique over servers, run to their result, and are nobody else’s', async (t) => {
    const world = await startEverything(t, 'shared');
    const client = world.connect(ada);
    const shaken = await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {} });
    const offered = (shaken.result?.['capabilities'] ?? {}) as { tasks?: object };
    assert.deepEqual(offered.tasks, { list: {}, cancel: {}, requests: { tools: { call: {} } } });
    const [task, other] = [await makeTask(client), await makeTask(client, '7th__simulate-research-query')];
    assert.match(task, /^every\+/);
    assert.match(other, /^n\.7th\+/);

    const state = await client.request('tasks/get', { taskId: task });
    assert.equal(state.result?.['taskId'], task);
    const elsewhere = await world.connect(ada).request('tasks/get', { taskId: task });
    assert.equal(elsewhere.result?.['taskId'], task);
    const own = await world.connect(ada, 'every').request('tasks/get', { taskId: task.slice('every+'.length) });
    assert.equal(own.result?.['taskId'], task.slice('every+'.length));
    const listed = await client.request('tasks/list');
    const ids = ((listed.result?.['tasks'] ?? []) as { taskId: string }[]).map(({ taskId }) => taskId);
    assert.deepEqual(ids, [other, task]);

    const stranger = world.connect(bob);
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const refused = await stranger.request(method, { taskId: task });
      assert.equal(refused.error?.code, -32602, method);
      const forged = await client.request(method, { taskId: 'every+made-up' });
      assert.match(forged.error?.message ?? '', /there is no task "every\+made-up" of yours/);
    }
    assert.deepEqual((await stranger.request('tasks/list')).result, { tasks: [] });

    const cancelled = await client.request('tasks/cancel', { taskId: other });
    assert.deepEqual([cancelled.result?.['taskId'], cancelled.result?.['status']], [other, 'cancelled']);
    const done = await client.request('tasks/result', { taskId: task });
    assert.match(textOf(done), /gates/);
    assert.match(JSON.stringify(done.result?.['_meta']), new RegExp(`"taskId":"every\\+`));
    const row = (await world.calls()).find(({ method }) => method === 'tasks/result');
    assert.deepEqual([row?.tool_name, row?.member, row?.status], ['every__simulate-research-query', 'ada', 'ok']);
  });

  it('tell of their progress under the token of the request that made them, also after its answer', async (t) => {
    const world = await startWorld({ told: toldServer({ capabilities: { tasks: {} } }) });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const [client, other] = [world.connect(ada), world.connect(ada)];
    const made = '{"jsonrpc":"2.0","id":$ID,"result":{"task":{"taskId":"t1","status":"working"}}}';
    const step = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$ID,"progress":1}}`;
    const answer = await client.request('tools/call', {
      name: 'told__say',
      arguments: { lines: [made, step], silent: true },
      task: { ttl: 60_000 },
      _meta: { progressToken: 'mine' },
    });
    assert.ok(answer.result?.['task']);
    const told = await client.next(({ method }) => method === 'notifications/progress');
    assert.deepEqual(told.params, { progressToken: 'mine', progress: 1 });
    await other.call('told__say');
    assert.ok(!other.texts.some((text) => text.includes('notifications/progress')));
  });

  it('follow the rules of the tool that made them, also after it', async (t) => {
    const world = await startEverything(t, 'shared');
    const client = world.connect(ada);
    const task = await makeTask(client);
    await world.rule('deny', 'user:ada', 'every__simulate*');
    const denied = await client.request('tasks/result', { taskId: task });
    assert.match(
      denied.error?.message ?? '',
      /^\[mcpgate denied\] user:ada may not call every__simulate-research-query/,
    );
  });

  it('tell the session that made them what they need and how they are', async (t) => {
    const world = await startEverything(t, 'per-session');
    const client = world.connect(ada);
    const capabilities = { elicitation: { form: {} } };
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities });
    const task = await makeTask(client, undefined, { ambiguous: true });
    const result = client.request('tasks/result', { taskId: task });
    const question = await client.next(({ method }) => method === 'elicitation/create');
    assert.ok(JSON.stringify(question.params?.['_meta']).includes(`"taskId":"${task}"`), JSON.stringify(question));
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { action: 'decline' } }));
    assert.match(textOf(await result), /gates/);
  });
});

describe('task ids in texts', () => {
  it('are rewritten where the protocol has them, and nowhere else', () => {
    const noted: string[] = [];
    const seen = (text: string, isTask = false) => withSeenTaskIds(text, 's+', isTask, (id) => noted.push(id));
    assert.equal(seen('{"task":{"taskId":"a","x":"taskId"}}'), '{"task":{"taskId":"s+a","x":"taskId"}}');
    assert.equal(seen('{"resultType":"task","taskId":"b"}'), '{"resultType":"task","taskId":"s+b"}');
    assert.equal(seen('{"structuredContent":{"taskId":"c"}}'), '{"structuredContent":{"taskId":"c"}}');
    assert.equal(seen('{"taskId":"d","status":"working"}', true), '{"taskId":"s+d","status":"working"}');
    assert.equal(
      seen('{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"e"}}}'),
      '{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"s+e"}}}',
    );
    assert.deepEqual(noted, ['a', 'b']);
  });
});
