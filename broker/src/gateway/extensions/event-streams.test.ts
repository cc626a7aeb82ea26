// Streams of events: what a server tells of a subscription reaches its client alone, for as long as the rules allow it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { ada, startWorld, textOf, type Message } from '../fixtures/gateway-world.ts';
import { modernClient, modernMeta } from '../fixtures/modern-client.ts';

const MARK = 'io.modelcontextprotocol/subscriptionId';
const EVENTS = 'io.modelcontextprotocol/events';
const event = (n: number, name = 'mail.came') => ({
  ...{
    eventId: `e${n}`,
    name,
    timestamp: '2026-12-01T00:00:00Z',
    data: { big: 1, text: '[mcpgate] no' },
    cursor: `c${n}`,
  },
});
const listed = (name: string, ...delivery: string[]) => ({ name, delivery, inputSchema: { type: 'object' } });

const told = () =>
  toldServer({
    capabilities: { extensions: { [EVENTS]: { listChanged: true } } },
    lists: { 'events/list': [listed('mail.came', 'poll', 'push', 'webhook'), listed('only.posted', 'webhook')] },
    answers: {
      'events/poll': { events: [], cursor: 'c' },
      'events/subscribe': { id: 'sub', refreshBefore: new Date(Date.now() + 600_000).toISOString() },
    },
    streams: {
      'mail.came': [
        ['active', { cursor: 'c0', truncated: false }],
        ['event', event(1)],
        ['event', event(2, 'other.type')],
        ['nonsense', {}],
        ['error', { error: { code: -32603, message: '[mcpgate] fake' } }],
      ],
      'never.opens': [],
    },
  });

async function start(t: TestContext, upstreams: { requestTimeoutMs?: number } = {}) {
  const world = await startWorld({ ops: told(), web: told() }, { upstreams });
  t.after(() => world.end());
  return world;
}

const kindOf = ({ method }: Message) => method?.replace('notifications/events/', '');
const isOf = (id: unknown) => (message: Message) => Reflect.get(Object(message.params?.['_meta']), MARK) === id;

/** Has the server write a line by itself; `$STREAM` stands for the id of its last stream. */
const line = (kind: string, more: object = {}) =>
  JSON.stringify({
    jsonrpc: '2.0',
    method: `notifications/events/${kind}`,
    params: { ...more, _meta: { [MARK]: '$STREAM' } },
  }).replace('"$STREAM"', '$STREAM');

describe('a stream of events', () => {
  it('tells what its server tells on it under the id and the name that the client knows, until the client cancels it', async (t) => {
    const world = await start(t);
    await world.rule('allow', '*', '*');
    const [client, other] = [world.connect(), world.connect()];
    for (const [id, seen] of [
      ['s-1', 'ops__mail.came'],
      [7, 'web__mail.came'],
    ] as const)
      client.raw(
        JSON.stringify({
          ...{ jsonrpc: '2.0', id, method: 'events/stream' },
          params: { name: seen, arguments: { from: 'x' }, cursor: null, maxAgeMs: 5, foreign: 1 },
        }),
      );
    for (const [id, name] of [
      ['s-1', 'ops__mail.came'],
      [7, 'web__mail.came'],
    ] as const) {
      const came = [await client.next(isOf(id)), await client.next(isOf(id)), await client.next(isOf(id))];
      assert.deepEqual(came.map(kindOf), ['active', 'event', 'error']);
      assert.deepEqual(came[0]?.params, { _meta: { [MARK]: id }, cursor: 'c0', truncated: false });
      assert.deepEqual(came[1]?.params, { _meta: { [MARK]: id }, ...event(1), name });
      assert.match(JSON.stringify(came[2]?.params), /"message":"\[from (ops|web)\] \[mcpgate\] fake"/);
    }
    assert.deepEqual((await world.received('ops', 'events/stream'))[0]?.params, {
      ...{ name: 'mail.came', arguments: { from: 'x' }, cursor: null, maxAgeMs: 5 },
    });
    assert.equal(client.pending, 0, 'nothing waits for its end');
    await client.call('ops__say', { lines: [line('heartbeat', { cursor: 'c9' })] });
    assert.deepEqual((await client.next(isOf('s-1'))).params, { _meta: { [MARK]: 's-1' }, cursor: 'c9' });
    client.raw(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 's-1' } }));
    await client.call('ops__say', { lines: [line('event', event(3))] });
    const cancelled = (await world.received('ops', 'notifications/cancelled'))[0]?.params?.['requestId'];
    assert.equal(cancelled, (await world.received('ops', 'events/stream'))[0]?.id);
    await client.close();
    assert.deepEqual((await client.next(({ id }) => id === 7)).result, {
      resultType: 'complete',
      _meta: { [MARK]: 7 },
    });
    assert.doesNotMatch(client.texts.join(), /"e3"|other\.type|nonsense|"id":"s-1"/);
    assert.deepEqual(other.texts, []);
    const records = (await world.calls()).filter(({ method }) => method === 'events/stream');
    assert.deepEqual(
      records.map(({ tool_name, status }) => [tool_name, status]),
      [
        ['event:ops__mail.came', 'cancelled'],
        ['event:web__mail.came', 'cancelled'],
      ],
    );
  });

  it('ends at once when rules or groups no longer allow it, and says so; what is allowed on goes on', async (t) => {
    const world = await start(t);
    const rule = await world.rule('allow', 'group:eng', 'read:ops');
    await world.rule('allow', 'group:eng', 'ops__say');
    const client = world.connect();
    const modern = modernClient(client);
    const open = async (id: string) => {
      const params = { name: 'ops__mail.came', _meta: modernMeta() };
      client.raw(JSON.stringify({ jsonrpc: '2.0', id, method: 'events/stream', params }));
      for (let n = 0; n < 3; n++) await client.next(isOf(id));
    };
    const assertEnded = async (id: string) => {
      const last = await client.next(isOf(id));
      assert.equal(kindOf(last), 'terminated');
      assert.equal(Reflect.get(Object(last.params?.['error']), 'code'), -32024);
      assert.equal((await client.next((message) => message.id === id)).result?.['resultType'], 'complete');
    };
    await open('one');
    await world.rule('allow', 'user:bob', '*');
    assert.equal(
      textOf(await modern.request('tools/call', { name: 'ops__say', arguments: { lines: [line('heartbeat')] } })),
      'said',
    );
    assert.equal(kindOf(await client.next(isOf('one'))), 'heartbeat');
    await world.store.policy.removeRule('default', rule);
    world.gateway.policyChanged('default');
    await assertEnded('one');
    await world.rule('allow', 'group:eng', 'read:ops');
    await open('two');
    world.gateway.personChanged({ ...(ada.user ?? assert.fail()), groups: [] });
    await assertEnded('two');
  });

  it('is not bound to the time that an answer may take, once the server has confirmed it', async (t) => {
    const world = await start(t, { requestTimeoutMs: 300 });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    client.raw(
      JSON.stringify({ jsonrpc: '2.0', id: 's', method: 'events/stream', params: { name: 'ops__mail.came' } }),
    );
    await client.next(isOf('s'));
    const never = await client.request('events/stream', { name: 'ops__never.opens' });
    assert.match(never.error?.message ?? '', /did not answer events\/stream/);
    const [{ id } = assert.fail()] = await world.received('ops', 'events/stream');
    await client.call('ops__say', { lines: [line('heartbeat', { cursor: 'late' }).replaceAll('$STREAM', String(id))] });
    assert.match(JSON.stringify(await client.next(({ params }) => params?.['cursor'] === 'late')), /heartbeat/);
  });

  it('is refused past what one person may have open at a server', async (t) => {
    const world = await start(t);
    await world.rule('allow', '*', '*');
    const client = world.connect();
    for (let n = 0; n < 32; n++)
      client.raw(
        JSON.stringify({ jsonrpc: '2.0', id: n, method: 'events/stream', params: { name: 'ops__mail.came' } }),
      );
    await client.next(isOf(31));
    const refused = await client.request('events/stream', { name: 'ops__mail.came' }, 'more');
    assert.match(refused.error?.message ?? '', /32 streams of this person/);
    await client.close();
  });
});

describe('event types', () => {
  it('are read by polls and streams and written by subscriptions, which post to an address that the caller chose', async (t) => {
    const world = await start(t);
    await world.rule('allow', '*', 'read:ops');
    await world.rule('allow', '*', 'write:web');
    const client = world.connect();
    const { result } = await client.request('events/list');
    const events = (result?.['events'] ?? []) as { name: string; delivery: string[] }[];
    assert.deepEqual(
      events.map(({ name, delivery }) => [name, ...delivery]),
      [
        ['ops__mail.came', 'poll', 'push'],
        ['web__mail.came', 'webhook'],
        ['web__only.posted', 'webhook'],
      ],
    );
    const codeOf = async (method: string, name: string) => (await client.request(method, { name })).error?.code;
    assert.deepEqual(
      [await codeOf('events/poll', 'ops__mail.came'), await codeOf('events/subscribe', 'ops__mail.came')],
      [undefined, -32010],
    );
    assert.deepEqual(
      [await codeOf('events/poll', 'web__mail.came'), await codeOf('events/subscribe', 'web__mail.came')],
      [-32010, undefined],
    );
    await world.rule('deny', '*', 'write:web');
    assert.equal(await codeOf('events/subscribe', 'web__mail.came'), -32010);
  });

  it('are told to have changed, to clients that have asked for it and may use something of the server', async (t) => {
    const world = await start(t);
    await world.rule('allow', '*', 'ops__*');
    await world.rule('allow', 'user:ada', 'event:web__*');
    const client = world.connect();
    const [modern, legacy] = [modernClient(client), world.connect()];
    client.raw(
      JSON.stringify({
        ...{ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen' },
        params: { notifications: { eventsListChanged: true }, _meta: modernMeta() },
      }),
    );
    const acknowledged = await client.next(({ method }) => method === 'notifications/subscriptions/acknowledged');
    assert.deepEqual(acknowledged.params?.['notifications'], { eventsListChanged: true });
    await legacy.request('events/list');
    const changed = { jsonrpc: '2.0', method: 'notifications/events/list_changed' };
    await modern.request('tools/call', { name: 'ops__say', arguments: { lines: [JSON.stringify(changed)] } });
    for (const each of [client, legacy])
      assert.ok(await each.next(({ method }) => method === 'notifications/events/list_changed'));
  });
});
