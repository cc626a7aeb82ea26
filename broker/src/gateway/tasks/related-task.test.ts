// A message that says which task it is about says so of the caller's own tasks alone, and only to the server that has it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until } from '../../../../test/world/until.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type TestClient } from '../fixtures/gateway-world.ts';
import { askedIn, modernClient, modernMeta } from '../fixtures/modern-client.ts';

const RELATED = 'io.modelcontextprotocol/related-task';
const capabilities = { tasks: {}, resources: { subscribe: true }, prompts: {}, completions: {} };
const lists = { 'prompts/list': [{ name: 'p' }] };

async function startShared(t: TestContext) {
  const transport = toldServer({ capabilities, lists });
  const world = await startWorld({ one: { transport }, two: { transport } });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  return world;
}

async function makeTask(client: TestClient, server: string, taskId: string): Promise<void> {
  const made = `{"jsonrpc":"2.0","id":$ID,"result":{"task":{"taskId":"${taskId}","status":"working"}}}`;
  await client.request('tools/call', {
    name: `${server}__say`,
    arguments: { lines: [made], silent: true },
    task: { ttl: 60_000 },
  });
}

const about = (related: unknown, more: object = {}) => ({ _meta: { ...more, [RELATED]: related } });

/** What some reader of JSON takes for the name. */
const FOLDED = [
  'IO.ModelContextProtocol/Related-Task',
  `${RELATED}\u0000`,
  `${RELATED}\u0000x`,
  `${RELATED} `,
  ` ${RELATED}`,
  'io.modelcontextprotocol\uff0frelated-task',
  'io.modelcontextprotocol/related-ta\u017fk',
  'io.modelcontextprotocol/related-tas\u212a',
];

/** Every kind of request that goes to a server. */
const REQUESTS: readonly (readonly [method: string, params: object])[] = [
  ['tools/call', { name: 'one__say' }],
  ['prompts/get', { name: 'one__p' }],
  ['resources/read', { uri: 'one+mem://a' }],
  ['resources/subscribe', { uri: 'one+mem://a' }],
  ['resources/unsubscribe', { uri: 'one+mem://a' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'one__p' }, argument: { name: 'a', value: '' } }],
];

describe('the task that a request says it is about', () => {
  it('is the caller’s own, of the server that the request is for, or the request goes nowhere', async (t) => {
    const world = await startShared(t);
    const [owner, stranger] = [world.connect(ada), world.connect(bob)];
    await makeTask(owner, 'one', 'mine');
    await makeTask(owner, 'two', 'elsewhere');
    await makeTask(stranger, 'one', 'his');
    // Its lists may be read at any time.
    const sent = async () =>
      (await world.receivedTexts('one')).filter((text) => !/"method":"\w+\/list"/.test(text)).length;
    const before = await sent();
    const foreign: unknown[] = ['one+his', 'his', 'mine', 'one+made-up', 'two+elsewhere', 'one+', 7, null, {}];
    for (const [method, params] of REQUESTS)
      for (const taskId of foreign) {
        const { error } = await owner.request(method, { ...params, ...about({ taskId }) });
        assert.equal(error?.code, -32602, `${method} ${String(taskId)}`);
      }
    for (const related of ['one+his', ['one+his'], 1, true]) {
      const { error } = await owner.request('tools/call', { name: 'one__say', ...about(related) });
      assert.equal(error?.code, -32602, JSON.stringify(related));
    }
    for (const key of FOLDED) {
      const params = { name: 'one__say', _meta: { [key]: { taskId: 'his' } } };
      assert.equal((await owner.request('tools/call', params)).error?.code, -32602, JSON.stringify(key));
    }
    const searching = world.connect(ada, undefined, 'search');
    const through = { name: 'call_tool', arguments: { name: 'one__say' }, ...about({ taskId: 'one+his' }) };
    assert.equal((await searching.request('tools/call', through)).error?.code, -32602);
    const modern = { name: 'one__say', _meta: { ...modernMeta(), [RELATED]: { taskId: 'one+his' } } };
    assert.equal((await owner.request('tools/call', modern)).error?.code, -32602);
    const own = world.connect(ada, 'one');
    assert.equal((await own.request('tools/call', { name: 'say', ...about({ taskId: 'his' }) })).error?.code, -32602);
    assert.equal(await sent(), before, 'the server hears nothing of it');
    await world.gateway.closeAll('the test reads the log');
    const events = await world.audit.searchEvents({ workspaceId: 'default', type: 'message.refused', limit: 100 });
    assert.ok(events.some(({ data }) => data['reason'] === 'unknown_task'));
  });

  it('is known to its server by the id that the server gave it, and nothing else stands there', async (t) => {
    const world = await startShared(t);
    const client = world.connect(ada);
    await makeTask(client, 'one', 'mine');
    for (const [method, params] of REQUESTS) {
      const related = { taskId: 'one+mine', TaskID: 'his', more: 1 };
      await client.request(method, { ...params, ...about(related, { 'example.com/a': 1 }) });
      const [last] = (await world.received('one', method)).toReversed();
      assert.deepEqual(last?.params?.['_meta'], about({ taskId: 'mine' }, { 'example.com/a': 1 })._meta, method);
    }
    const own = world.connect(ada, 'one');
    assert.equal(textOf(await own.request('tools/call', { name: 'say', ...about({ taskId: 'mine' }) })), 'said');
    await client.request('tasks/get', { taskId: 'one+mine', ...about({ taskId: 'one+mine' }) });
    const [get] = await world.received('one', 'tasks/get');
    assert.deepEqual(get?.params, { taskId: 'mine', ...about({ taskId: 'mine' }) });
    // As `tasks/get`: whoever may not use the tool any more has no task of it.
    await world.rule('deny', 'user:ada', 'one__say');
    const later = await client.request('resources/read', { uri: 'one+mem://a', ...about({ taskId: 'one+mine' }) });
    assert.equal(later.error?.code, -32602);
  });
});

describe('the task that a notification or an answer of a client says it is about', () => {
  it('is one that the server knows of this client, or it is not told', async (t) => {
    const told = { transport: toldServer({ capabilities }), isolation: 'per-session' as const };
    const world = await startWorld({ one: told, two: told });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = world.connect(ada);
    const offers = { elicitation: {}, tasks: { requests: { elicitation: { create: {} } } } };
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: offers });
    await makeTask(client, 'one', 'mine');
    await makeTask(client, 'two', 'elsewhere');
    const [homeName = ''] = await world.homeNames('one');
    let lastId = 0;
    async function answered(related: object, resultMembers?: string): Promise<unknown> {
      const id = `q-${++lastId}`;
      const question = {
        jsonrpc: '2.0',
        id,
        method: 'elicitation/create',
        params: { message: 'm', _meta: { progressToken: id } },
      };
      await client.call('one__say', { lines: [JSON.stringify(question)] });
      const { id: asked, params } = await client.next(({ method }) => method === 'elicitation/create');
      const { progressToken } = (params?.['_meta'] ?? {}) as { progressToken?: unknown };
      const notice = {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken, progress: 1, ...about(related) },
      };
      client.raw(JSON.stringify(notice));
      const members = resultMembers ?? JSON.stringify(about(related, { a: 1 })).slice(1, -1);
      client.raw(`{"jsonrpc":"2.0","id":${JSON.stringify(asked)},"result":{"action":"decline",${members}}}`);
      const answer = await until('the answer', async () =>
        (await world.received('one', undefined, homeName)).find((message) => message.id === id),
      );
      const notices = await world.received('one', 'notifications/progress', homeName);
      if (resultMembers !== undefined) return answer.result;
      return [
        answer.result?.['_meta'],
        notices.flatMap(({ params: heard }) => (heard?.['progressToken'] === id ? [heard['_meta']] : [])),
      ];
    }
    const mine = about({ taskId: 'mine' })._meta;
    assert.deepEqual(await answered({ taskId: 'one+mine' }), [{ a: 1, ...mine }, [mine]]);
    for (const taskId of ['two+elsewhere', 'mine', 'elsewhere', 'one+made-up', 1])
      assert.deepEqual(await answered({ taskId }), [{ a: 1 }, []], String(taskId));

    for (const key of FOLDED) {
      const foreign = `${JSON.stringify(key)}:{"taskId":"one+his"}`;
      const heard = await answered({ taskId: 'one+mine' }, `"_meta":{${foreign},"a":1}`);
      assert.deepEqual(heard, { action: 'decline', _meta: { a: 1 } }, key);
    }
    for (const key of ['_Meta', '_meta\u0000', '_META ', '\uff3fmeta', '_m\u00e9ta']) {
      const foreign = `${JSON.stringify(key)}:{"${RELATED}":{"taskId":"one+his"}}`;
      assert.deepEqual(await answered({}, foreign), { action: 'decline' }, key);
      const both = await answered({}, `${foreign},"_meta":{"${RELATED}":{"taskId":"one+mine"}}`);
      assert.deepEqual(both, { action: 'decline', _meta: mine }, key);
    }
    const twice = `"_meta":{"${RELATED}":{"taskId":"his"}},"_meta":{"${RELATED}":{"taskId":"his"},"${RELATED}":{"taskId":"one+mine"}}`;
    assert.deepEqual(await answered({}, twice), { action: 'decline', _meta: mine });
    const received = await world.receivedTexts('one', homeName);
    assert.ok(received.every((line) => !line.includes('his')));

    const roots = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
    client.raw(JSON.stringify({ ...roots, params: about({ taskId: 'one+mine' }) }));
    client.raw(JSON.stringify({ ...roots, params: { _meta: { b: 1 } } }));
    const heard = await until('the roots', async () => {
      const all = await world.received('one', roots.method, homeName);
      return all.length === 0 ? undefined : all;
    });
    assert.deepEqual(
      heard.map(({ params }) => params),
      [{ _meta: { b: 1 } }],
    );
  });
});

describe('the task that an answer in a request says it is about', () => {
  const extensions = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const large = 'x'.repeat(600_000);
  const answer = (meta: object): object => ({ action: 'accept', content: { a: 1 }, _meta: meta });

  it('is the caller’s own, of the server that the request is for, or the request goes nowhere', async (t) => {
    const world = await startShared(t);
    const [owner, stranger] = [world.connect(ada), world.connect(bob)];
    await makeTask(owner, 'one', 'mine');
    await makeTask(stranger, 'one', 'his');
    // Its lists may be read at any time.
    const sent = async () =>
      (await world.receivedTexts('one')).filter((text) => !/"method":"\w+\/list"/.test(text)).length;
    const before = await sent();
    const foreign: object[] = [
      ...['one+his', 'his', 'mine', 7].map((taskId) => answer({ [RELATED]: { taskId } })),
      ...FOLDED.map((key) => answer({ [key]: { taskId: 'his' } })),
      { action: 'accept', _Meta: { [RELATED]: { taskId: 'his' } } },
      { action: 'accept', _meta: {}, '_meta\u0000': { [RELATED]: { taskId: 'his' } } },
    ];
    const requests: [method: string, params: object][] = [
      ['tools/call', { name: 'one__say' }],
      ['prompts/get', { name: 'one__p' }],
      ['resources/read', { uri: 'one+mem://a' }],
      ['tasks/update', { taskId: 'one+mine' }],
    ];
    for (const [method, params] of requests)
      for (const each of foreign)
        for (const padding of method === 'tools/call' && foreign.indexOf(each) % 5 === 0 ? ['', large] : ['']) {
          // What is large is taken out of a message, and looked at all the same.
          const inputResponses = { first: { action: 'accept', content: { padding } }, second: each };
          const { error } = await owner.request(method, { ...params, inputResponses, _meta: modernMeta(extensions) });
          assert.equal(error?.code, -32602, `${method} ${JSON.stringify(each)} ${padding.length}`);
        }
    for (const inputResponses of [[answer({ [RELATED]: { taskId: 'his' } })], 'x', 7])
      assert.equal((await owner.request('tools/call', { name: 'one__say', inputResponses })).error?.code, -32602);
    assert.equal(await sent(), before, 'the server hears nothing of it');
    for (const padding of ['', large]) {
      const inputResponses = { first: answer({ [RELATED]: { taskId: 'one+mine' }, a: 1 }), second: { padding } };
      await owner.request('tools/call', { name: 'one__say', inputResponses, _meta: modernMeta(extensions) });
      const [last] = (await world.received('one', 'tools/call')).toReversed();
      const first = answer({ [RELATED]: { taskId: 'mine' }, a: 1 });
      assert.deepEqual(last?.params?.['inputResponses'], { first, second: { padding } });
    }
  });

  it('is not told to a server of before where it is none of the caller’s', async (t) => {
    const world = await startWorld({ one: { transport: toldServer({ capabilities }), isolation: 'per-session' } });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = modernClient(world.connect(ada), { elicitation: { form: {} } });
    const metas = [
      { [RELATED]: { taskId: 'his' }, a: 1 },
      ...FOLDED.map((key) => ({ [key]: { taskId: 'his' }, a: 1 })),
    ];
    const requestedSchema = { type: 'object', properties: {} };
    const lines = metas.map((_, index) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id: index,
        method: 'elicitation/create',
        params: { message: String(index), requestedSchema, ...about({ taskId: 'mine' }) },
      }),
    );
    const call = { name: 'one__say', arguments: { lines, silent: true } };
    let asked = await client.request('tools/call', call);
    const answered = new Set<number>();
    let last: Promise<unknown>;
    for (;;) {
      const questions = askedIn(asked);
      for (const [, { params }] of questions)
        assert.deepEqual(params['_meta'], about({ taskId: 'one+mine' })._meta, 'the id that the client knows it by');
      for (const [, { params }] of questions) answered.add(Number(params['message']));
      const answers = Object.fromEntries(
        questions.map(([key, { params }]) => [key, answer(metas[Number(params['message'])] ?? {})]),
      );
      const again = client.retry('tools/call', call, asked, answers);
      if (answered.size === metas.length) {
        last = again;
        break;
      }
      asked = await again;
    }
    const [homeName = ''] = await world.homeNames('one');
    const told = await until('the answers', async () => {
      const all = (await world.received('one', undefined, homeName)).filter(
        ({ id, method, result }) => method === undefined && typeof id === 'number' && result?.['action'] === 'accept',
      );
      return all.length < metas.length ? undefined : all;
    });
    for (const { result } of told) assert.deepEqual(result?.['_meta'], { a: 1 });
    const [first] = await world.received('one', 'tools/call', homeName);
    const done = JSON.stringify({ jsonrpc: '2.0', id: first?.id, result: { content: [] } });
    await client.request('tools/call', { ...call, arguments: { lines: [done] } });
    await last;
  });
});
