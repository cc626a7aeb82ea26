// Calls that a rule asks somebody about: until they are approved nothing goes to the server, and what goes there is what was approved.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startModernHttp } from 'mcpgate-test/upstreams/modern-http';
import type { Decider } from '../../approvals/approvals.ts';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { ada, type Message, startWorld, textOf } from '../fixtures/gateway-world.ts';
import { askedIn, EVERYTHING_CLIENT, modernClient } from '../fixtures/modern-client.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
let upstream: Awaited<ReturnType<typeof startHttpUpstream>>;
let rule: string;

const firstAsking = async (): Promise<string> =>
  (await world.store.policy.snapshot('default')).rules.find(({ effect }) => effect === 'ask')?.id ?? assert.fail();
const ask = async (approvers: readonly string[] = ['group:leads']) => {
  const added = { effect: 'ask', who: ['*'], what: ['web__echo'], approvers, createdBy: 'test' } as const;
  rule = (await world.store.policy.addRule('default', added)).id;
  world.gateway.policyChanged('default');
};

beforeEach(async () => {
  upstream = await startHttpUpstream();
  world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} } });
  await world.rule('allow', '*', '*');
  await ask();
});
afterEach(async () => {
  await world.end();
  await upstream.close();
});

const person = (name: string, groups: readonly string[], role: 'member' | 'admin' = 'member'): Decider => ({
  actor: { name, address: null },
  principal: { ...ada, user: { id: `u-${name}`, name, role, groups } },
  isAdministrator: role === 'admin',
});
const grace = person('grace', ['leads']);
const call = (text: string, more = {}) => ({ name: 'web__echo', arguments: { text }, ...more });
const WAITS = { _meta: { progressToken: 'p' } };
const isProgress = ({ method }: Message) => method === 'notifications/progress';
const executed = () => upstream.received.filter(({ message }) => message['method'] === 'tools/call').length;
const idIn = (text: string) => /q_[a-z2-7]{8}/.exec(text)?.[0] ?? assert.fail(text);
const decide = (id: string, verdict: 'approve' | 'deny', by = grace, more = {}) =>
  world.approvals.decide('default', id, { verdict, by: 'api', ...more }, by);
const outcomes = async () =>
  (await world.calls()).map(({ status, decision, error_code }) => [status, decision, error_code]);
const events = async () => {
  const rows = await world.audit.searchEvents({ workspaceId: 'default', limit: 50 });
  return rows.flatMap(({ type, actor }) => (type.startsWith('approval.') ? [`${type} ${actor}`] : [])).toReversed();
};

describe('a call under a rule that asks', () => {
  it('waits with progress, reaches its server once it is approved, and not before; both sides are in the log', async () => {
    const client = world.connect();
    const answer = client.request('tools/call', call('his', WAITS));
    const step = await client.next(isProgress);
    assert.match(
      String(step.params?.['message']),
      /^\[mcpgate\] request (q_\w+) waits for group:leads \(which is nobody who could approve it.*: decide at \S+\/requests\/\1 or with `mcpgate-broker request approve \1`$/,
    );
    assert.equal(executed(), 0);
    await decide(idIn(String(step.params?.['message'])), 'approve');
    assert.equal(textOf(await answer), 'his');
    assert.equal(executed(), 1);
    const [record] = await world.calls();
    assert.deepEqual([record?.status, record?.decision, record?.rule], ['ok', 'allow', rule]);
    assert.deepEqual(await events(), ['approval.asked ada', 'approval.approved grace', 'approval.used ada']);
  });

  it('waits on where whoever makes it gives a reason meanwhile', async () => {
    const client = world.connect();
    const answer = client.request('tools/call', call('his', WAITS));
    const id = idIn(String((await client.next(isProgress)).params?.['message']));
    const asked = { id, reason: 'release day' };
    await world.approvals.request('default', `user:${ada.user?.id}`, asked, { name: 'ada', address: null });
    const first = await Promise.race([answer.then(textOf), client.next(isProgress).then(() => 'waits')]);
    assert.equal(first, 'waits');
    await decide(id, 'approve');
    assert.equal(textOf(await answer), 'his');
    const given = ['approval.asked ada', 'approval.reason_given ada', 'approval.approved grace', 'approval.used ada'];
    assert.deepEqual(await events(), given);
  });

  it('never reaches its server where it is denied, and says who denied it and why; it is not asked again at once', async () => {
    const client = world.connect();
    const answer = client.request('tools/call', call('his', WAITS));
    const step = await client.next(isProgress);
    await decide(idIn(String(step.params?.['message'])), 'deny', grace, { note: 'not today' });
    const text = textOf(await answer);
    assert.match(
      text,
      /^\[mcpgate denied\] user:ada may not call web__echo: grace denied request q_\w+ \("not today"\)/,
    );
    assert.equal(textOf(await client.call('web__echo', { text: 'his' })), text);
    assert.equal(executed(), 0);
    assert.deepEqual(await outcomes(), [
      ['denied', 'deny', 'approval_denied'],
      ['denied', 'deny', 'approval_denied'],
    ]);
  });

  it('is answered with what happens next where it cannot wait, and the next of the same goes on: once, and no other', async () => {
    world.gateway.endWaits();
    const client = world.connect();
    const waiting = textOf(await client.call('web__echo', { text: 'his' }));
    assert.match(
      waiting,
      /^\[mcpgate\] The call of web__echo by user:ada was not carried out: rule r_\w+ asks group:leads/,
    );
    assert.match(waiting, /https:\/\/broker\.example\/requests\/q_\w+ .*`mcpgate-broker request approve q_\w+`/);
    await decide(idIn(waiting), 'approve');
    const other = textOf(await client.call('web__echo', { text: 'another' }));
    assert.notEqual(idIn(other), idIn(waiting), 'other arguments are another call');
    assert.equal(executed(), 0);
    assert.equal(textOf(await client.call('web__echo', { text: 'his' })), 'his');
    const again = textOf(await client.call('web__echo', { text: 'his' }));
    assert.notEqual(idIn(again), idIn(waiting), 'it is used up');
    assert.equal(executed(), 1);
  });

  it('goes on with any arguments for the time for which it was approved, for that person alone', async () => {
    world.gateway.endWaits();
    const client = world.connect();
    const waiting = textOf(await client.call('web__echo', { text: 'his' }));
    await decide(idIn(waiting), 'approve', grace, { forMs: 3_600_000 });
    assert.equal(textOf(await client.call('web__echo', { text: 'another' })), 'another');
    assert.equal(textOf(await client.call('web__echo', { text: 'his' })), 'his');
    const other = world.connect({ ...ada, user: { id: 'u-bob', name: 'bob', role: 'member', groups: [] } });
    assert.match(
      textOf(await other.call('web__echo', { text: 'his' })),
      /^\[mcpgate\] .*by user:bob was not carried out/,
    );
  });

  it('is not approved by who makes it, nor by who is no approver, administrators included; the second of two is told', async () => {
    world.gateway.endWaits();
    const id = idIn(textOf(await world.connect().call('web__echo', { text: 'his' })));
    const refused = (by: Decider, why: RegExp) => assert.rejects(decide(id, 'approve', by), why);
    await refused(person('ada', ['leads']), /request of your own/);
    await refused(person('bob', ['eng']), /group:leads decides it/);
    await refused(person('root', [], 'admin'), /group:leads decides it/);
    await decide(id, 'approve');
    await refused(person('linus', ['leads']), /grace has approved q_\w+ already/);
    await assert.rejects(decide('q_nothing1', 'deny'), /there is no request "q_nothing1"/);
  });

  it('is decided by those who are on call, by everybody of the group where nobody is, and says who that is', async () => {
    world.gateway.endWaits();
    await world.store.policy.removeRule('default', rule);
    await ask(['on-call:pay']);
    const [one, other] = [await world.person('grace'), await world.person('linus')];
    await world.store.groups.add('default', 'pay', [one.user.id, other.user.id]);
    const client = world.connect();
    const asked = async (text: string) => textOf(await client.call('web__echo', { text }));
    const by = ({ user }: typeof one, groups = ['pay']): Decider => ({
      ...person(user.name, groups),
      principal: { ...ada, user: { ...user, groups } },
    });
    const first = await asked('first');
    assert.match(first, /asks group:pay \(nobody of it is on call\) first/);
    await decide(idIn(first), 'approve', by(other));

    await world.store.groups.setOnCall('default', 'pay', [one.user.id], Date.now() + 3_600_000);
    const second = await asked('second');
    assert.match(second, /asks user:grace \(on call for pay\) first/);
    await assert.rejects(decide(idIn(second), 'approve', by(other)), /user:grace \(on call for pay\) decides it/);
    await assert.rejects(decide(idIn(second), 'approve', by(one, [])), /decides it/, 'only people of the group');
    await decide(idIn(second), 'approve', by(one));

    await world.store.groups.setOnCall('default', 'pay', [one.user.id], Date.now() - 1);
    await decide(idIn(await asked('third')), 'approve', by(other));
    await world.store.groups.setOnCall('default', 'pay', [one.user.id], null);
    await world.store.users.setDisabled(one.user.id, 1);
    await decide(idIn(await asked('fourth')), 'approve', by(other));
  });

  it('says that nobody can approve it where that is so', async () => {
    world.gateway.endWaits();
    const client = world.connect();
    assert.match(
      textOf(await client.call('web__echo', { text: 'his' })),
      /asks group:leads \(which is nobody who could approve it; only whoever runs the broker can\) first/,
    );
    const one = await world.person('grace');
    await world.store.groups.add('default', 'leads', [one.user.id]);
    assert.match(textOf(await client.call('web__echo', { text: 'his' })), /asks group:leads first/);
  });

  it('is asked for anew where the rules have changed since it was approved', async () => {
    world.gateway.endWaits();
    const client = world.connect();
    const id = idIn(textOf(await client.call('web__echo', { text: 'his' })));
    await decide(id, 'approve');
    await world.rule('allow', 'user:bob', 'web__numbers');
    assert.notEqual(idIn(textOf(await client.call('web__echo', { text: 'his' }))), id);
    assert.equal(executed(), 0);
  });

  it('keeps its approval where it is not carried out after all: a limit is used up, or its server lets nobody in', async () => {
    world.gateway.endWaits();
    const client = world.connect();
    const limits = [{ most: 1, withinMs: 3_600_000, per: 'person' }] as const;
    const limited = { effect: 'ask', who: ['*'], what: ['web__*'], approvers: ['group:leads'], limits } as const;
    await world.store.policy.removeRule('default', rule);
    const { id: limitedRule } = await world.store.policy.addRule('default', { ...limited, createdBy: 'test' });
    world.gateway.policyChanged('default');
    const approved = async (text: string) => {
      const id = idIn(textOf(await client.call('web__echo', { text })));
      await decide(id, 'approve');
      return id;
    };
    await approved('first');
    const second = await approved('second');
    assert.equal(textOf(await client.call('web__echo', { text: 'first' })), 'first');
    for (const _twice of [1, 2])
      assert.match(
        textOf(await client.call('web__echo', { text: 'second' })),
        new RegExp(`rule ${limitedRule} has a limit`),
      );
    assert.equal(executed(), 1);
    assert.equal((await world.approvals.find('default', second))?.state, 'approved');
    assert.deepEqual((await events()).slice(-4), [
      ...['approval.used ada', 'approval.given_back ada', 'approval.used ada', 'approval.given_back ada'],
    ]);
    await world.store.policy.removeRule('default', limitedRule);
    await ask();
    const third = await approved('third');
    upstream.authorization = 'Bearer another';
    assert.doesNotMatch(textOf(await client.call('web__echo', { text: 'third' })), /third/);
    assert.equal((await world.approvals.find('default', third))?.state, 'approved');
    upstream.authorization = undefined;
    assert.equal(textOf(await client.call('web__echo', { text: 'third' })), 'third');
    assert.equal((await world.approvals.find('default', third))?.state, 'used');
  });

  it('ends when it is cancelled, and when its session does; what was asked stays to be decided', async () => {
    const client = world.connect();
    const send = (id: number, text: string) =>
      client.raw(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: call(text, WAITS) }));
    send(7, 'his');
    const step = await client.next(isProgress);
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}');
    send(8, 'other');
    await client.next(
      (message) => isProgress(message) && !JSON.stringify(message).includes(idIn(JSON.stringify(step))),
    );
    await client.close('revoked');
    assert.deepEqual(
      (await outcomes()).map(([status]) => status),
      ['cancelled', 'cancelled'],
    );
    assert.equal(executed(), 0);
    assert.equal((await world.approvals.list('default', { all: false })).length, 2);
  });

  it('shows approvers who, what, where from and the arguments: secrets masked, long texts cut, nothing invisible', async () => {
    world.gateway.endWaits();
    const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
    const args = { text: `use ${token} now`, password: 'hunter22', long: 'x'.repeat(2_000), turned: 'a\u202eb' };
    const id = idIn(textOf(await world.connect().call('web__echo', args)));
    const found = await world.approvals.find('default', id);
    assert.deepEqual([found?.who, found?.what, found?.device], ['user:ada', 'web__echo', 'laptop']);
    assert.match(
      found?.argsText ?? '',
      /"text": "use \*\*\* now",\n {2}"password": "\*\*\*",\n {2}"long": "x{400}… \(2000 characters\)",\n {2}"turned": "a\\u\{202e\}b"/,
    );
    assert.ok(found?.sealed && !Buffer.from(found.sealed).includes('use'), 'it is sealed in the store');
    const client = world.connect();
    const [one, other] = ['a', 'b'].map((end) => `${'k'.repeat(400)}${end}`);
    const odd = `{"to":9007199254740993,"sum":1e400,"rate":0.30,"${one}":1,"${other}":2}`;
    client.raw(`{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"web__echo","arguments":${odd}}}`);
    const asked = await world.approvals.find('default', idIn(textOf(await client.next((each) => each.id === 9))));
    assert.match(
      asked?.argsText ?? '',
      /"to": 9007199254740993,\n {2}"sum": 1e400,\n {2}"rate": 0.30,\n {2}"k{400}… .*": 1,\n {2}"k{400}… .* #\d": 2/,
    );
  });
});

describe('a call that whoever makes it confirms', () => {
  beforeEach(() => ask(['self']));
  const confirmed = { action: 'accept', content: { decision: 'approve' } };
  const LEGACY_FORM = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} } };
  const isQuestion = ({ method }: Message) => method === 'elicitation/create';

  it('is put to them at their AI client, with its arguments, and goes on or ends as they say', async () => {
    await world.store.policy.removeRule('default', await firstAsking());
    world.gateway.policyChanged('default');
    const client = world.connect();
    await client.request('initialize', LEGACY_FORM);
    const answer = client.call('web__echo', { text: 'mine' });
    const question = await client.next(isQuestion);
    assert.match(
      String(question.params?.['message']),
      /^\[mcpgate\] Rule r_\w+ asks you to confirm the call of web__echo with \{\s+"text": "mine"/,
    );
    assert.equal(executed(), 0);
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: confirmed }));
    assert.equal(textOf(await answer), 'mine');
    const denied = client.call('web__echo', { text: 'not mine' });
    const second = await client.next(isQuestion);
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: second.id, result: { action: 'decline' } }));
    assert.match(textOf(await denied), /^\[mcpgate denied\] .*ada denied request/);
    assert.equal(executed(), 1);
  });

  it('is asked of a client of 2026-07-28 in its result', async () => {
    await world.store.policy.removeRule('default', await firstAsking());
    world.gateway.policyChanged('default');
    const modern = modernClient(world.connect(), { elicitation: { form: {} } });
    const params = { name: 'web__echo', arguments: { text: 'mine' } };
    const asked = await modern.request('tools/call', params);
    const [[key] = assert.fail()] = askedIn(asked);
    assert.equal(executed(), 0);
    assert.equal(textOf(await modern.retry('tools/call', params, asked, { [key]: confirmed })), 'mine');
  });

  it('is asked about once where its server asks the client, who sends it again with the answer; not where it is made anew', async () => {
    const server = await startModernHttp();
    const other = await startWorld({ new: { kind: 'http', url: server.url, headers: {} } });
    try {
      const named = { who: ['*'], what: ['new__ask', 'new__insist'], approvers: ['group:leads'], createdBy: 'test' };
      await other.store.policy.addRule('default', { effect: 'ask', ...named });
      other.gateway.policyChanged('default');
      other.gateway.endWaits();
      const client = modernClient(other.connect(), EVERYTHING_CLIENT);
      const params = { name: 'new__ask', arguments: {} };
      const id = idIn(textOf(await client.request('tools/call', params)));
      await other.approvals.decide('default', id, { verdict: 'approve', by: 'api' }, grace);
      const asked = await client.request('tools/call', params);
      const answers: Record<string, object> = {
        'elicitation/create': { action: 'accept', content: { name: 'Ada' } },
        'roots/list': { roots: [{ uri: 'file:///here' }] },
        'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'roses' } },
      };
      const responses = Object.fromEntries(askedIn(asked).map(([key, { method }]) => [key, answers[method] ?? {}]));
      assert.equal(Object.keys(responses).length, 3, JSON.stringify(asked));
      const answer = await client.retry('tools/call', params, asked, responses);
      assert.equal(textOf(answer), 'Ada: {"type":"text","text":"roses"} at file:///here');
      assert.equal((await other.approvals.find('default', id))?.state, 'used');
      assert.notEqual(idIn(textOf(await client.request('tools/call', params))), id, 'another call is asked about');

      const insist = { name: 'new__insist', arguments: {} };
      const endless = idIn(textOf(await client.request('tools/call', insist)));
      await other.approvals.decide('default', endless, { verdict: 'approve', by: 'api' }, grace);
      let round = await client.request('tools/call', insist);
      let rounds = 0;
      for (; askedIn(round).length > 0 && rounds < 20; rounds++) {
        const more = Object.fromEntries(askedIn(round).map(([key]) => [key, answers['roots/list'] ?? {}]));
        round = await client.retry('tools/call', insist, round, more);
      }
      assert.equal(rounds, 10, 'a server that never has enough is asked about again');
      assert.notEqual(idIn(textOf(round)), endless);
    } finally {
      await other.end();
      await server.close();
    }
  });

  it('is confirmed on the page that their laptop opens, and by nobody else', async () => {
    await world.store.policy.removeRule('default', await firstAsking());
    world.gateway.policyChanged('default');
    const opened = Promise.withResolvers<string>();
    const client = world.connect(ada, undefined, undefined, (url) => (opened.resolve(url), true));
    const answer = client.call('web__echo', { text: 'mine' });
    const id = idIn(await opened.promise);
    await assert.rejects(decide(id, 'approve'), /only user:ada can confirm it/);
    await decide(id, 'approve', person('ada', []));
    assert.equal(textOf(await answer), 'mine');
  });
});
