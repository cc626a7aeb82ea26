// A real receiver is told what waits, and brings decisions back, signed by the library of Standard Webhooks or as Slack signs.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { ApprovalsHook } from '../../domain/hook.ts';
import { startWorld } from '../../gateway/fixtures/gateway-world.ts';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { type AuthzServer, says, startAuthzServer } from '../fixtures/authz-server.ts';

const KEY = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`;
const SLACK_KEY = '8f742231b10e8888abcd99yyyzzz85a5';

async function worldOf(t: TestContext, format: ApprovalsHook['format'], more: Partial<ApprovalsHook> = {}) {
  const receiver = await startAuthzServer(t, says({ ok: true }));
  const upstream = await startHttpUpstream();
  const world = await startWorld(
    { web: { kind: 'http', url: upstream.url, headers: {} } },
    { secrets: { key: KEY, slack: SLACK_KEY } },
  );
  t.after(async () => {
    await world.deliveries.close();
    await world.end();
    await upstream.close();
  });
  await world.rule('allow', '*', '*');
  await world.store.policy.addRule('default', {
    ...{ effect: 'ask', who: ['*'], what: ['web__echo'], approvers: ['user:grace'], createdBy: 'test' },
  });
  world.gateway.policyChanged('default');
  world.gateway.endWaits();
  for (const name of ['ada', 'grace', 'mallory']) await world.person(name);
  await world.store.hooks.create('default', {
    ...{ name: 'pager', kind: 'approvals', format, url: receiver.url, enabled: true, timeoutMs: 5_000, bearer: null },
    ...{ secret: format === 'standard' ? 'key' : null, signingSecret: format === 'standard' ? 'key' : 'slack' },
    ...{ people: { U1: 'user:grace', U2: 'user:mallory', U3: 'user:ada' }, byEmail: false, managedBy: null },
    ...{ createdBy: 'test', ...more },
  });
  t.after(world.hooks.tell());
  const ask = async (text: string) => {
    const answer = JSON.stringify(await world.connect().call('web__echo', { text, password: 'hunter2' }));
    return /q_[a-z2-7]{8}/.exec(answer)?.[0] ?? assert.fail(answer);
  };
  /** Until the receiver has had so much. */
  const told = async (count: number) => {
    while (receiver.asked.length < count) {
      await world.deliveries.deliverDue();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return receiver.asked.map(({ body, headers }) => ({ headers, message: Object(JSON.parse(body)) as Message }));
  };
  const state = async (id: string) => (await world.approvals.find('default', id))?.state;
  const take = (body: string, headers: Record<string, string>, name = 'pager') =>
    world.hooks.takeDecision({ workspaceId: 'default', name, address: '192.0.2.9' }, { body, headers });
  return { receiver, world, ask, told, state, take };
}

interface Message {
  type: string;
  text: string;
  data: Record<string, unknown>;
  blocks: { type: string; elements?: { action_id: string; value: string }[] }[];
}

const nowS = () => Math.floor(Date.now() / 1000);
function standard(data: object, { key = KEY, id = `m${Math.random()}`, atS = nowS() } = {}) {
  const body = JSON.stringify({ type: 'approval.decision', data });
  const signature = new Webhook(key).sign(id, new Date(atS * 1000), body);
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(atS), 'webhook-signature': signature };
  return [body, headers] as const;
}
function slack(payload: object | string, { key = SLACK_KEY, atS = nowS() } = {}) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const body = new URLSearchParams({ payload: text }).toString();
  const signature = `v0=${createHmac('sha256', key).update(`v0:${atS}:${body}`).digest('hex')}`;
  return [body, { 'x-slack-request-timestamp': String(atS), 'x-slack-signature': signature }] as const;
}
const pressed = (action: string, value: string, user: object = { id: 'U1' }, more: object = {}) => ({
  ...{ type: 'block_actions', user, actions: [{ action_id: `mcpgate_${action}`, value }], ...more },
});
const kindOf = async (taken: Promise<{ kind: string }>) => (await taken).kind;

test('a receiver of Standard Webhooks is told what waits, with arguments masked, and what was decided, each once', async (t) => {
  const { world, ask, told, state, take } = await worldOf(t, 'standard');
  const id = await ask('hello');
  const [asked] = await told(1);
  assert.equal(asked?.message.type, 'approval.asked');
  const { request, who, tool, arguments: args, url } = asked?.message.data ?? {};
  assert.deepEqual([request, who, tool, url], [id, 'user:ada', 'web__echo', `https://broker.example/requests/${id}`]);
  assert.match(String(args), /hello/);
  assert.doesNotMatch(JSON.stringify(asked), /hunter2/);
  assert.equal(asked?.headers['webhook-id'], `${id}.asked`);
  assert.ok(new Webhook(KEY).verify(JSON.stringify(asked?.message), { ...asked?.headers } as Record<string, string>));

  assert.deepEqual(await take(...standard({ request: id, decision: 'approve', by: 'U1' })), {
    ...{ kind: 'decided', format: 'standard', text: `${id} is approved` },
  });
  assert.equal(await state(id), 'approved');
  const messages = await told(2);
  assert.equal(messages[1]?.message.type, 'approval.decided');
  assert.equal(messages[1]?.message.data['decided_by'], 'grace');
  const events = await world.audit.searchEvents({ workspaceId: 'default', limit: 50 });
  const approved = events.find(({ type }) => type === 'approval.approved');
  assert.deepEqual([approved?.actor, approved?.address, approved?.data['by']], ['grace', '192.0.2.9', 'hook']);
  await world.connect().call('web__echo', { text: 'hello', password: 'hunter2' });
  await world.deliveries.deliverDue();
  assert.equal((await told(2)).length, 2);
});

test('a receiver is told of all that waits when a broker begins, however much that is', async (t) => {
  const { world, receiver } = await worldOf(t, 'standard');
  const asked = (n: number) => ({
    ...{ workspaceId: 'default', id: `q_${String(n).padStart(8, 'a')}`, kind: 'call' as const, state: 'open' as const },
    ...{ ownerKey: `user:u${n}`, who: `user:u${n}`, device: null, clientName: null, address: null, server: 'web' },
    ...{ what: 'web__echo', rule: 'r_1', policyVersion: 1, approvers: [], thing: `t${n}`, binding: `b${n}` },
    ...{ sealed: null, reason: null, expiresAt: Date.now() + 600_000 },
  });
  const waiting = Array.from({ length: 450 }, (_, n) => asked(n));
  for (const each of waiting) await world.store.approvals.ask(each, 1_000);
  t.after(world.hooks.tell());
  while (receiver.asked.length < waiting.length) {
    await world.deliveries.deliverDue();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    [...new Set(receiver.asked.map(({ headers }) => String(headers['webhook-id'])))].toSorted(),
    waiting.map(({ id }) => `${id}.asked`).toSorted(),
  );
});

test('Slack gets a message with three buttons, in which what others wrote is text; each button decides', async (t) => {
  const { ask, told, state, take, receiver } = await worldOf(t, 'slack');
  const id = await ask('<!channel> *bold* <https://evil.example|mcpgate> ```');
  const [asked] = await told(1);
  assert.equal(asked?.message.text, `user:ada wants to call web__echo (${id})`);
  const buttons = asked?.message.blocks.find(({ type }) => type === 'actions')?.elements ?? [];
  assert.deepEqual(
    buttons.map(({ action_id, value }) => [action_id, value]),
    ['approve', 'hour', 'deny'].map((action) => [`mcpgate_${action}`, id]),
  );
  for (const block of asked?.message.blocks ?? [])
    if (JSON.stringify(block).includes('!channel')) assert.match(JSON.stringify(block), /"plain_text"/);
  const answerTo = receiver.url.replace(/\/v1.*/, '/actions/T1/2');
  const payload = pressed('hour', id, { id: 'U1' }, { response_url: answerTo });
  const { kind, text } = Object(await take(...slack(payload))) as Record<string, string>;
  assert.deepEqual([kind, text], ['decided', `${id} is approved for a time`]);
  assert.equal(await state(id), 'approved');
  const messages = await told(3);
  assert.ok(
    messages.some(({ message }) => message.text === `${id} is approved for a time`),
    'who decided is answered',
  );
  assert.ok(messages.some(({ message }) => message.text.startsWith(`grace approved ${id}`)));
});

test('nobody but who is named decides: not by a shown name, not the asker, not who is no approver, and of two the first', async (t) => {
  const { world, ask, state, take } = await worldOf(t, 'slack');
  const id = await ask('x');
  const strangers: object[] = [
    { id: 'U9', name: 'grace', username: 'grace', real_name: 'grace' },
    { id: 'grace' },
    { id: 'user:grace' },
    { id: '__proto__' },
    { id: 'constructor' },
    { id: 'U9', email: 'grace@example.com' },
    { id: 'U2' },
    { id: 'U3' },
  ];
  const told = await take(...slack(pressed('approve', id, strangers[0])));
  assert.equal(
    'text' in told ? told.text : told.kind,
    'mcpgate does not know you; ask its administrators to name U9 in the --map of the hook pager',
    'nobody sees their own id in Slack',
  );
  for (const user of strangers.slice(1))
    assert.equal(await kindOf(take(...slack(pressed('approve', id, user)))), 'not_decided', JSON.stringify(user));
  assert.equal(await state(id), 'open');
  const refused = (await world.audit.searchEvents({ workspaceId: 'default', limit: 50 })).filter(
    ({ type }) => type === 'approval.refused',
  );
  assert.equal(refused.length, strangers.length);
  const both = await Promise.all([take(...slack(pressed('approve', id))), take(...slack(pressed('deny', id)))]);
  assert.deepEqual(both.map(({ kind }) => kind).toSorted(), ['decided', 'not_decided']);
  const gone = await world.store.users.byName('default', 'grace');
  await world.store.users.setDisabled(gone?.id ?? '', Date.now());
  assert.equal(await kindOf(take(...slack(pressed('approve', await ask('y'))))), 'not_decided');
});

test('a signature that is false, old, of another secret or another text is refused, and one that came before', async (t) => {
  const { ask, state, take, world } = await worldOf(t, 'slack');
  const id = await ask('x');
  const payload = pressed('approve', id);
  const [body, headers] = slack(payload);
  const other = slack(pressed('approve', 'q_other222'))[0];
  const cases: [string, Record<string, string>][] = [
    [body, {}],
    [body, { ...headers, 'x-slack-signature': 'v0=' }],
    [body, { ...headers, 'x-slack-signature': headers['x-slack-signature'].toUpperCase() }],
    [`${body}&payload=x`, headers],
    [other, headers],
    [body, { ...headers, 'x-slack-request-timestamp': String(nowS() + 1) }],
    slack(payload, { key: 'another' }) as never,
    slack(payload, { atS: nowS() - 301 }) as never,
    slack(payload, { atS: nowS() + 301 }) as never,
    standard({ request: id, decision: 'approve', by: 'U1' }, { key: `whsec_${btoa(SLACK_KEY)}` }) as never,
  ];
  for (const [text, given] of cases) assert.equal(await kindOf(take(text, given)), 'refused', JSON.stringify(given));
  assert.equal(await kindOf(take(body, headers, 'nobody')), 'refused');
  const nonsense: object[] = [{}, { ...payload, actions: [] }, { ...payload, type: 'view' }, { ...payload, user: {} }];
  const twice = JSON.stringify(payload).replace('"user":', '"user":{"id":"U9"},"\\u0075ser":');
  assert.deepEqual(JSON.parse(twice), payload);
  for (const each of [...nonsense, twice]) assert.equal(await kindOf(take(...slack(each))), 'refused');
  assert.equal(await state(id), 'open');
  assert.equal(await kindOf(take(...slack(pressed('deny', 'q_other222')))), 'not_decided');
  assert.equal(await kindOf(take(body, headers)), 'decided');
  assert.equal(await kindOf(take(body, headers)), 'refused', 'it came before');
  const events = await world.audit.searchEvents({ workspaceId: 'default', limit: 100 });
  assert.ok(events.some(({ type, data }) => type === 'auth.rejected' && data['reason'] === 'replay'));
});

test('a signed address names a person where the hook says so, and only one that is known', async (t) => {
  const { ask, take } = await worldOf(t, 'standard', { byEmail: true, people: {} });
  const id = await ask('x');
  const by = (email: string) => take(...standard({ request: id, decision: 'deny', by: 'U7', email }));
  assert.equal(await kindOf(by('nobody@example.com')), 'not_decided');
  assert.equal(await kindOf(by('not an address')), 'refused');
});

test('a receiver that is away gets everything when it is back, and one whose answer never ends holds nothing', async (t) => {
  const { world, ask, told, receiver } = await worldOf(t, 'standard', { timeoutMs: 200 });
  receiver.answer = says({}, {}, 503);
  const id = await ask('x');
  await told(1);
  const [queue] = await world.deliveries.queues();
  assert.deepEqual([queue?.queued, queue?.lastError], [1, 'status 503']);
  receiver.answer = (response: Parameters<AuthzServer['answer']>[0]) => {
    const stream = setInterval(() => response.write(' '.repeat(10_000)), 1);
    response.writeHead(200).on('close', () => clearInterval(stream));
  };
  const messages = await told(2);
  assert.deepEqual(
    messages.map(({ headers }) => headers['webhook-id']),
    [`${id}.asked`, `${id}.asked`],
  );
  while ((await world.deliveries.queues())[0]?.queued !== 0) await world.deliveries.deliverDue();
});

test('whoever has no signature learns nothing of secrets that are missing, and a secret without a key proves nothing', async (t) => {
  const { world, ask, state, take } = await worldOf(t, 'standard');
  const id = await ask('one');
  const approve = { request: id, decision: 'approve', by: 'U1' };
  const forged = (key: string) => {
    const [body, headers] = standard(approve);
    const signature = createHmac('sha256', key)
      .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
      .digest('base64');
    return take(body, { ...headers, 'webhook-signature': `v1,${signature}` });
  };
  for (const empty of ['whsec_', 'whsec_====', 'whsec_***', 'whsec_!'] as const) {
    await world.vault.set('default', 'key', empty, 'set');
    assert.equal(await kindOf(forged('')), 'refused', empty);
  }
  await world.store.secrets.remove('default', 'key');
  assert.equal(await kindOf(forged('')), 'refused', 'as for any other signature that is not good');
  assert.equal(await state(id), 'open');
});
