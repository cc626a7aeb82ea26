// From the far side: what a hook denies, or cannot be asked about, never reached the server, whatever kind of thing it is.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { NewHook } from '../../store/repositories/hooks.ts';
import { says, silence, startAuthzServer } from '../../hooks/fixtures/authz-server.ts';
import { foldingServer, toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';
import { modernClient, modernMeta } from '../fixtures/modern-client.ts';

type HookMore = Partial<Omit<NewHook & { kind: 'authorize' }, 'kind' | 'name'>>;

async function hookedWorld(t: TestContext, more: HookMore = {}) {
  const authz = await startAuthzServer(t, says({ decision: 'deny', reason: 'not today' }));
  const world = await startWorld({ svc: foldingServer() });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  const hookOf = (change: HookMore): NewHook => ({
    ...{ name: 'authorize', kind: 'authorize', url: authz.url, enabled: true, timeoutMs: 5_000, secret: null },
    ...{ bearer: null, managedBy: null, createdBy: 'test', what: [], approvers: [], sendsArguments: true },
    ...{ ...more, ...change },
  });
  await world.store.hooks.create('default', hookOf({}));
  const changed = async (change: HookMore) => {
    await world.store.hooks.update('default', 'authorize', () => hookOf(change));
    world.gateway.policyChanged('default');
  };
  world.gateway.policyChanged('default');
  const carried = async () =>
    (await world.receivedTexts('svc').catch(() => [])).filter((line) => line.includes('"carried"'));
  return { authz, world, carried, changed };
}
const metaOf = ({ result, error }: Message) =>
  Object((result?.['_meta'] ?? error?.data) as object | undefined)['mcpgate/decision'] as Record<string, unknown>;

/** Every kind of request that goes to a server. */
const REQUESTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['tools/call', { name: 'svc__allowed', arguments: { text: 'x' } }],
  ['tools/call', { name: 'allowed', arguments: {} }],
  ['prompts/get', { name: 'svc__allowed' }],
  ['resources/read', { uri: 'svc+file:///pub/a' }],
  ['resources/read', { uri: 'svc+file:///pub/../pub/%61' }],
  ['resources/subscribe', { uri: 'svc+file:///pub/b' }],
  ['resources/unsubscribe', { uri: 'svc+file:///pub/b' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'svc__allowed' }, argument: { name: 'a', value: '' } }],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'svc+file:///secret/{name}' }, argument: { name: 'name', value: '' } },
  ],
];

test('every kind of request is asked about, and one that is denied reaches no server; the record names the hook', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  const client = world.connect();
  for (const [method, params] of REQUESTS) {
    const answer = await client.request(method, params);
    const text = method === 'tools/call' ? textOf(answer) : (answer.error?.message ?? '');
    assert.match(
      text,
      /^\[mcpgate denied\] user:ada may not .*: the hook authorize denies it: "not today"\. Rule: hook:authorize\./,
    );
    assert.deepEqual([metaOf(answer)['decision'], metaOf(answer)['rule']], ['deny', 'hook:authorize'], method);
  }
  const listen = { notifications: { resourceSubscriptions: ['svc+file:///pub/c'] }, _meta: modernMeta() };
  const modern = world.connect(bob);
  modern.raw(JSON.stringify({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params: listen }));
  const told = await modern.next(({ method }) => method !== undefined);
  assert.equal(JSON.stringify(told.params).includes('file:///pub/c'), false);
  const sent = await modernClient(world.connect(bob)).request('tools/call', { name: 'svc__allowed', arguments: {} });
  assert.equal(metaOf(sent)['rule'], 'hook:authorize');
  assert.deepEqual(await carried(), []);
  assert.equal(authz.asked.length, REQUESTS.length + 2);
  assert.deepEqual(
    [...new Set((await world.calls()).map(({ decision, status, rule }) => `${decision} ${status} ${rule}`))],
    ['deny denied hook:authorize'],
  );
  assert.ok((await client.toolNames()).includes('svc__allowed'), 'lists are not asked about');
});

test('tasks are asked about one by one: a task that somebody may make they may not look at where that is denied', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  authz.answer = says({ decision: 'allow' });
  const client = world.connect();
  const made = await client.request('tools/call', { name: 'svc__make_task', arguments: {}, task: {} });
  const { taskId } = Object(made.result?.['task']) as { taskId: string };
  const before = (await carried()).length;
  authz.answer = says({ decision: 'deny' });
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
    const answer = await client.request(method, { taskId });
    assert.equal(metaOf(answer)['rule'], 'hook:authorize', `${method}: ${JSON.stringify(answer)}`);
  }
  assert.equal((await carried()).length, before);
  authz.answer = says({ decision: 'allow' });
  assert.equal((await client.request('tasks/get', { taskId })).error, undefined);
  assert.equal((await carried()).length, before + 1);
});

test('what is allowed goes through under the rule that allows it; the hook sees what is forwarded, to the digit', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  authz.answer = says({ result: { allow: true } });
  const client = world.connect();
  const args = '{"n":9007199254740993,"ü":"\\u0061","list":[1,{"a":null}]}';
  client.raw(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"x":1},"name":"svc__allowed","arguments":${args}}}`,
  );
  await client.next(({ id }) => id === 1);
  assert.equal((await carried()).length, 1);
  assert.ok(authz.asked[0]?.body.includes(`"arguments":${args}}}`), authz.asked[0]?.body);
  assert.deepEqual(authz.asked[0]?.input['what'], {
    ...{ name: 'svc__allowed', names: ['svc__allowed', 'write:svc'], server: 'svc', method: 'tools/call' },
  });
  await client.request('resources/read', { uri: 'svc+file:///pub/a' });
  assert.deepEqual(authz.asked[1]?.input['arguments'], { uri: 'file:///pub/a' });
  const [row] = await world.calls();
  assert.match(`${row?.decision} ${row?.rule}`, /^allow r_/);
});

test('what the rules deny is never asked about, and a yes of the hook does not allow it', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  authz.answer = says({ decision: 'allow' });
  await world.rule('deny', '*', 'svc__denied');
  const client = world.connect();
  assert.match(textOf(await client.call('svc__denied')), /mcpgate denied/);
  const bound = world.connect({ ...ada, servers: ['other'] });
  assert.match(textOf(await bound.call('svc__allowed')), /mcpgate denied/);
  await client.call('svc__nowhere');
  assert.equal(authz.asked.length, 0);
  assert.deepEqual(await carried(), []);
});

test('where it is away, slow or answers nonsense nothing goes through, and a yes that comes late carries out nothing', async (t) => {
  const { authz, world, carried, changed } = await hookedWorld(t);
  const client = world.connect();
  authz.answer = says({ allow: 'yes' });
  const denied = await client.call('svc__allowed');
  assert.match(
    textOf(denied),
    /: the hook authorize has to allow it, and has not answered: it gave an answer that is none/,
  );
  assert.doesNotMatch(textOf(denied), /To ask for access|until it is granted/);
  const late: (() => void)[] = [];
  authz.answer = (response, asked) => late.push(() => void says({ decision: 'allow', ttl: 600 })(response, asked));
  await changed({ timeoutMs: 60 });
  assert.match(textOf(await client.call('svc__allowed')), /did not answer within 60 ms/);
  for (const answer of late) answer();
  authz.answer = silence;
  await client.call('svc__allowed');
  await authz.close();
  for (let call = 0; call < 4; call++) await client.call('svc__allowed', { call });
  const last = await client.call('svc__allowed');
  assert.match(
    textOf(last),
    /it did not answer the last questions.*asking for access grants nothing.*Try again from \d{4}-/,
  );
  assert.ok(typeof metaOf(last)['retry_at'] === 'string');
  assert.deepEqual(await carried(), []);
});

test('it is asked about its own things alone, in whatever spelling they are asked for', async (t) => {
  const { authz, world, changed } = await hookedWorld(t, { what: ['resource:*file:///secret/*', 'prompt:svc__*'] });
  const client = world.connect();
  assert.doesNotMatch(textOf(await client.call('svc__allowed')), /mcpgate denied/);
  assert.equal((await client.request('resources/read', { uri: 'svc+file:///pub/a' })).error, undefined);
  assert.equal(authz.asked.length, 0);
  for (const uri of ['file:///secret/key', 'file:///pub/../secret/key', 'file:///%73ecret/key', 'FILE:///secret/key']) {
    const answer = await client.request('resources/read', { uri: `svc+${uri}` });
    assert.equal(metaOf(answer)['rule'], 'hook:authorize', uri);
  }
  assert.equal(metaOf(await client.request('prompts/get', { name: 'svc__allowed' }))['rule'], 'hook:authorize');
  await changed({ what: ['read:svc'] });
  assert.doesNotMatch(textOf(await client.call('svc__allowed')), /mcpgate denied/, 'what is of no class writes');
  await changed({ what: ['write:svc'] });
  assert.match(textOf(await client.call('svc__allowed')), /mcpgate denied/);
});

test('in a workspace that observes it denies nothing and the record says that it would have; with enforcement off it is not asked', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  const client = world.connect();
  await world.enforcement('observe');
  assert.doesNotMatch(textOf(await client.call('svc__allowed')), /mcpgate denied/);
  const [row] = await world.calls();
  assert.deepEqual([row?.decision, row?.rule, row?.status], ['would_deny', 'hook:authorize', 'ok']);
  assert.equal(authz.asked.length, 1);
  await world.enforcement('off');
  await client.call('svc__allowed');
  assert.equal(authz.asked.length, 1);
  assert.equal((await carried()).length, 2);
});

test('where it answers ask, its approvers are asked, and exactly the call that they approve goes on, once', async (t) => {
  const { authz, world, carried } = await hookedWorld(t, { approvers: ['group:leads'] });
  authz.answer = says({ decision: 'ask', reason: 'a large transfer' });
  world.gateway.endWaits();
  const client = world.connect();
  const waiting = textOf(await client.call('svc__allowed', { a: 1 }));
  assert.match(waiting, /rule hook:authorize asks group:leads .*first, as request q_/);
  const id = /q_[a-z2-7]{8}/.exec(waiting)?.[0] ?? '';
  const lead = {
    actor: { name: 'grace', address: null },
    principal: { ...ada, user: { id: 'u-grace', name: 'grace', role: 'member', groups: ['leads'] } },
    isAdministrator: false,
  } as const;
  await world.approvals.decide('default', id, { verdict: 'approve', by: 'api' }, lead);
  assert.match(textOf(await client.call('svc__allowed', { a: 2 })), /was not carried out/);
  assert.deepEqual(await carried(), []);
  assert.doesNotMatch(textOf(await client.call('svc__allowed', { a: 1 })), /mcpgate/);
  assert.match(textOf(await client.call('svc__allowed', { a: 1 })), /was not carried out/);
  assert.equal((await carried()).length, 1);
  const rows = (await world.calls()).filter(({ status }) => status === 'ok');
  assert.deepEqual(
    rows.map(({ decision, rule }) => [decision, rule]),
    [['allow', 'hook:authorize']],
  );
  assert.equal(metaOf(await client.request('completion/complete', REQUESTS[7]?.[1]))['rule'], 'hook:authorize');
});

test('a call that waits for approval is asked about again before it goes on: a no that came meanwhile holds', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  authz.answer = says({ decision: 'allow' });
  await world.store.policy.addRule('default', {
    ...{ effect: 'ask', who: ['*'], what: ['svc__allowed'], approvers: ['role:admin'], createdBy: 'test' },
  });
  world.gateway.policyChanged('default');
  const client = world.connect();
  const answer = client.request('tools/call', { name: 'svc__allowed', arguments: {}, _meta: { progressToken: 'p' } });
  const step = await client.next(({ method }) => method === 'notifications/progress');
  const id = /q_[a-z2-7]{8}/.exec(JSON.stringify(step.params))?.[0] ?? '';
  authz.answer = says({ decision: 'deny', reason: 'withdrawn' });
  const host = { actor: { name: 'host', address: null }, principal: undefined, isAdministrator: true };
  await world.approvals.decide('default', id, { verdict: 'approve', by: 'api' }, host);
  assert.match(textOf(await answer), /the hook authorize denies it: "withdrawn"/);
  assert.deepEqual(await carried(), []);
});

test('what it denies takes nothing of the allowance of a rule', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  const rules = (await world.store.policy.snapshot('default')).rules;
  for (const { id } of rules) await world.store.policy.removeRule('default', id);
  await world.store.policy.addRule('default', {
    ...{ effect: 'allow', who: ['*'], what: ['*'], createdBy: 'test' },
    limits: [{ most: 1, withinMs: 3_600_000, per: 'person' }],
  });
  world.gateway.policyChanged('default');
  const client = world.connect();
  for (let call = 0; call < 5; call++) assert.match(textOf(await client.call('svc__allowed')), /hook:authorize/);
  authz.answer = says({ decision: 'allow' });
  assert.doesNotMatch(textOf(await client.call('svc__allowed')), /mcpgate denied/);
  assert.match(textOf(await client.call('svc__allowed')), /has a limit/);
  assert.equal((await carried()).length, 1);
});

test('a call whose client gives it up while the hook is asked goes nowhere', async (t) => {
  const { authz, world, carried } = await hookedWorld(t);
  const responses: (() => void)[] = [];
  authz.answer = (response, asked) => responses.push(() => void says({ decision: 'allow' })(response, asked));
  const client = world.connect();
  await client.toolNames();
  client.raw('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"svc__allowed","arguments":{}}}');
  await authz.until(1);
  client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}');
  for (const respond of responses) respond();
  authz.answer = says({ decision: 'allow' });
  await client.call('svc__allowed', { text: 'another' });
  assert.equal((await carried()).length, 1);
});

test('a renamed server is still what it is asked about, and a removed person decides nothing for it', async (t) => {
  const { world } = await hookedWorld(t, { what: ['write:svc', 'svc__*'], approvers: ['user:ada', 'group:leads'] });
  const server = world.serverNamed('svc');
  await world.store.servers.rename(server.id, 'new', {
    from: 'svc',
    rewrite: (what) => what.replace('svc', 'new'),
  });
  const hook = async () => (await world.store.policy.snapshot('default')).hook;
  assert.deepEqual((await hook())?.what, ['write:new', 'new__*']);
  const { user } = await world.person('ada');
  await world.store.users.remove(user?.id ?? '');
  assert.deepEqual((await hook())?.approvers, ['group:leads']);
});

test('of a subscription to events it is asked about where they are to be sent, and an answer for one address is none for another', async (t) => {
  const authz = await startAuthzServer(t, says({ decision: 'allow', ttl: 600 }));
  const world = await startWorld({ ops: eventServer() });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  await world.store.hooks.create('default', {
    ...{ name: 'authorize', kind: 'authorize', url: authz.url, enabled: true, timeoutMs: 5_000, secret: null },
    ...{ bearer: null, managedBy: null, createdBy: 'test', what: [], approvers: [], sendsArguments: true },
  });
  world.gateway.policyChanged('default');
  const client = world.connect();
  const subscribe = (url: string) =>
    client.request('events/subscribe', {
      ...{ name: 'ops__mail.came', arguments: { box: 'in' }, delivery: { mode: 'webhook', url } },
    });
  assert.equal((await subscribe('https://ours.example/')).error, undefined);
  assert.deepEqual(authz.asked[0]?.input['arguments'], {
    ...{ arguments: { box: 'in' }, delivery: { mode: 'webhook', url: 'https://ours.example/' } },
    // As the server is asked.
    ttlMs: 600_000,
  });
  authz.answer = says({ decision: 'deny' });
  assert.equal(metaOf(await subscribe('https://theirs.example/'))['rule'], 'hook:authorize');
  assert.equal((await world.received('ops', 'events/subscribe')).length, 1);
});

const eventServer = () =>
  toldServer({
    capabilities: { extensions: { 'io.modelcontextprotocol/events': {} } },
    lists: { 'events/list': [{ name: 'mail.came', delivery: ['webhook'], inputSchema: { type: 'object' } }] },
    answers: {
      'events/subscribe': { id: 'sub', refreshBefore: new Date(Date.now() + 600_000).toISOString(), cursor: null },
    },
  });
