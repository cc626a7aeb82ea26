// From the far side: what is beyond the limit of a rule never reached the server, and what never reached the server is not counted.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startModernHttp } from 'mcpgate-test/upstreams/modern-http';
import type { RuleLimit } from '../domain/rule.ts';
import { startHttpUpstream } from '../upstreams/fixtures/http-upstream.ts';
import { ada, bob, startWorld, textOf, type Message } from './fixtures/gateway-world.ts';
import { askedIn, EVERYTHING_CLIENT, modernClient } from './fixtures/modern-client.ts';

const HOUR = 3_600_000;
const isDenied = (message: Message): boolean => textOf(message).startsWith('[mcpgate denied]');

async function limitedWorld(t: TestContext, limits: RuleLimit[], more: { observe?: boolean; who?: string[] } = {}) {
  const upstream = await startHttpUpstream();
  t.after(() => upstream.close());
  const world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} } });
  t.after(() => world.end());
  if (more.observe === true) await world.rule('allow', '*', '*');
  const { id } = await world.store.policy.addRule('default', {
    ...{ effect: 'allow', who: ['*'], what: ['web__*'], createdBy: 'test', limits, ...more },
  });
  world.gateway.policyChanged('default');
  return { upstream, world, id };
}

test('a call beyond the limit is denied, says when the next is free, and reaches no server; lists stay as they are', async (t) => {
  const { upstream, world, id } = await limitedWorld(t, [{ most: 2, withinMs: HOUR, per: 'person' }]);
  const client = world.connect();
  const before = Date.now();
  for (let call = 0; call < 2; call++) assert.ok(!isDenied(await client.call('web__echo')));
  const denied = await client.call('web__echo');
  const said = new RegExp(
    `^\\[mcpgate denied\\] user:ada may not call web__echo: rule ${id} has a limit, at most 2 an hour per person, which is used up; enough is free again in \\d+ min\\. Rule: ${id}\\. .*Or try again from \\d{4}-`,
  );
  assert.match(textOf(denied), said);
  const meta = denied.result?.['_meta'] as { 'mcpgate/decision': Record<string, unknown> };
  assert.deepEqual([meta['mcpgate/decision']['decision'], meta['mcpgate/decision']['rule']], ['deny', id]);
  const wait = Date.parse(String(meta['mcpgate/decision']['retry_at'])) - before;
  assert.ok(wait >= HOUR && wait <= HOUR + 120_000, `${wait} ms`);
  assert.equal(upstream.executed.length, 2);
  assert.ok((await client.toolNames()).includes('web__echo'));
  assert.ok(!isDenied(await world.connect(bob).call('web__echo')), 'bob has an allowance of his own');
  assert.deepEqual(
    (await world.calls()).map(({ decision, status, rule }) => `${decision} ${status} ${rule}`),
    [`allow ok ${id}`, `allow ok ${id}`, `deny denied ${id}`, `allow ok ${id}`],
  );
});

test('fifty calls at once of two people who share an allowance: as many reach the server as the limit says', async (t) => {
  for (const [per, who] of [
    ['rule', ['*']],
    ['group', ['group:eng']],
  ] as const) {
    const { upstream, world } = await limitedWorld(t, [{ most: 5, withinMs: HOUR, per }], { who: [...who] });
    const mate = { ...bob, user: { id: 'u-bob', name: 'bob', role: 'member', groups: ['eng'] } } as const;
    const clients = [world.connect(ada), world.connect(mate)] as const;
    const calls = Array.from({ length: 50 }, (_, index) => clients[index % 2 === 0 ? 0 : 1].call('web__echo'));
    const answers = await Promise.all(calls);
    assert.equal(answers.filter((answer) => !isDenied(answer)).length, 5, per);
    assert.equal(upstream.executed.length, 5, per);
  }
});

test('a sum takes what the arguments say; what is no amount, or less than nothing, is denied with words and takes nothing', async (t) => {
  const limit = { most: 500, withinMs: HOUR, per: 'person', sum: 'args.amount' } as const;
  const { upstream, world, id } = await limitedWorld(t, [limit]);
  const client = world.connect();
  const no = new RegExp(`^\\[mcpgate denied\\] .*rule ${id} `);
  for (const [index, amount] of ['-1', '-1e300', '1e999', '-1e999', 'null', 'true', '[]', '{}'].entries()) {
    const params = `{"name":"web__echo","arguments":{"amount":${amount}}}`;
    client.raw(`{"jsonrpc":"2.0","id":"amount ${index}","method":"tools/call","params":${params}}`);
    assert.match(textOf(await client.next(({ id: of }) => of === `amount ${index}`)), no, amount);
  }
  assert.match(textOf(await client.call('web__echo', {})), no);
  assert.match(textOf(await client.call('web__echo', { amount: '5' })), no);
  const never = await client.call('web__echo', { amount: 1e300 });
  assert.match(textOf(never), /args\.amount at most 500 an hour per person, and this call alone takes more than that/);
  assert.ok(JSON.stringify(never).includes('"retry_at":null'));
  for (const [amount, isGiven] of [
    [400, true],
    [100.5, false],
    [100, true],
    [0.01, false],
    [0, true],
  ] as const)
    assert.equal(!isDenied(await client.call('web__echo', { amount })), isGiven, `${amount}`);
  assert.equal(upstream.executed.length, 3);
});

test('what its server provably did not execute is given back, and what it may have executed is not', async (t) => {
  const once: RuleLimit[] = [{ most: 1, withinMs: HOUR, per: 'person' }];
  const { upstream, world } = await limitedWorld(t, once);
  const client = world.connect();
  await client.toolNames();
  upstream.authorization = 'somebody else';
  for (let call = 0; call < 5; call++) assert.match(textOf(await client.call('web__echo')), /HTTP 401/);
  assert.deepEqual(upstream.executed, []);
  const { upstream: dying, world: other } = await limitedWorld(t, once);
  dying.intercept = (request, _response, message) => {
    if (message['method'] !== 'tools/call') return false;
    request.socket.destroy();
    return true;
  };
  assert.match(textOf(await other.connect().call('web__echo')), /outcome is unknown/i);
  assert.ok(isDenied(await other.connect().call('web__echo')), 'it may have been executed, so it counts');
});

test('a call that its server never got, because it is away, takes nothing of the allowance', async (t) => {
  const { upstream, world } = await limitedWorld(t, [{ most: 1, withinMs: HOUR, per: 'person' }]);
  const client = world.connect();
  await client.toolNames();
  await upstream.close();
  const texts: string[] = [];
  for (let call = 0; call < 3; call++) texts.push(textOf(await client.call('web__echo')));
  assert.ok(
    texts.every((text) => text.startsWith('[mcpgate] ')),
    texts.join('\n'),
  );
});

test('a rule that only observes lets through what is beyond its limit, and the record says that it would have denied', async (t) => {
  const { upstream, world, id } = await limitedWorld(t, [{ most: 1, withinMs: HOUR, per: 'rule' }], { observe: true });
  const client = world.connect();
  for (let call = 0; call < 2; call++) assert.ok(!isDenied(await client.call('web__echo')));
  assert.equal(upstream.executed.length, 2);
  const records = (await world.calls()).map(({ decision, rule }) => [decision, rule === id]);
  assert.deepEqual(records, [
    ['allow', false],
    ['would_deny', true],
  ]);
});

test('where the workspace only observes, nothing is denied for want of allowance', async (t) => {
  const { upstream, world, id } = await limitedWorld(t, [{ most: 1, withinMs: HOUR, per: 'rule' }]);
  await world.enforcement('observe');
  const client = world.connect();
  for (let call = 0; call < 2; call++) await client.call('web__echo');
  assert.equal(upstream.executed.length, 2);
  assert.deepEqual(
    (await world.calls()).map(({ decision, rule }) => `${decision} ${rule}`),
    [`allow ${id}`, `would_deny ${id}`],
  );
});

test('a call whose server asks the client for more takes of its limit once, however many rounds it needs; a round made twice takes again', async (t) => {
  const server = await startModernHttp();
  t.after(() => server.close());
  const world = await startWorld({ new: { kind: 'http', url: server.url, headers: {} } });
  t.after(() => world.end());
  const rule = { effect: 'allow' as const, who: ['*'], createdBy: 'test' };
  const limits: RuleLimit[] = [{ most: 1, withinMs: HOUR, per: 'person' }];
  for (const what of ['new__ask', 'new__insist'])
    await world.store.policy.addRule('default', { ...rule, what: [what], limits });
  world.gateway.policyChanged('default');
  const client = modernClient(world.connect(), EVERYTHING_CLIENT);
  const ask = { name: 'new__ask', arguments: {} };
  const asked = await client.request('tools/call', ask);
  const responses = answersTo(asked);
  assert.equal(Object.keys(responses).length, 3, JSON.stringify(asked));
  assert.ok(isDenied(await client.request('tools/call', ask)), 'a call made anew is another one');
  const other = await client.retry('tools/call', { ...ask, arguments: { more: 1 } }, asked, responses);
  assert.ok(isDenied(other), 'with other arguments it is another one too');
  const done = await client.retry('tools/call', ask, asked, responses);
  assert.equal(textOf(done), 'Ada: {"type":"text","text":"roses"} at file:///here');
  assert.ok(isDenied(await client.retry('tools/call', ask, asked, responses)), 'the same round again is another call');
  assert.ok(isDenied(await client.request('tools/call', ask)));

  const insist = { name: 'new__insist', arguments: {} };
  let round = await client.request('tools/call', insist);
  let rounds = 1;
  for (; !isDenied(round) && rounds < 20; rounds++) {
    assert.equal(askedIn(round).length, 1, JSON.stringify(round));
    round = await client.retry('tools/call', insist, round, answersTo(round));
  }
  assert.equal(rounds, 10 + 1, 'a server that never has enough does not make a limit void');
});

/** What a client answers to what it was asked. */
function answersTo(asked: Message): Record<string, object> {
  const answers: Record<string, object> = {
    'elicitation/create': { action: 'accept', content: { name: 'Ada' } },
    'roots/list': { roots: [{ uri: 'file:///here' }] },
    'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'roses' } },
  };
  return Object.fromEntries(askedIn(asked).map(([key, { method }]) => [key, answers[method] ?? {}]));
}
