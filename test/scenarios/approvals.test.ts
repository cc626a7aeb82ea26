// Calls that a rule asks somebody about, from the far side: what the server gets, whichever broker decides and whatever ends meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { says, startAuthzServer } from '../../broker/src/hooks/fixtures/authz-server.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import type { Broker } from '../world/broker.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const DECIDED: ReadonlySet<string> = new Set(['approval.approved', 'approval.denied']);
const ASK = ['rule', 'add', '--ask', '--who', '*', '--what', 'counting__echo', '--approver', 'group:leads'];

/** The id of the one that waits, as that broker lists it. */
async function waitingAt(broker: Broker, but?: string): Promise<string> {
  let id: string | undefined;
  await until('a call to wait', async () => {
    const rows = (await broker.json(['request', 'list'])) as { id: string }[];
    id = rows.find((row) => row.id !== but)?.id;
    return id !== undefined;
  });
  return id ?? '';
}

test('an approver at one broker lets the call at another one go on, once; what is denied there never reaches the server', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { upstream, world } = await createCountingWorld(t, { databaseUrl });
  const second = await startSecondBroker(t, world, databaseUrl);
  const receiver = await startAuthzServer(t, says({ ok: true }));
  await world.broker.run(['secret', 'set', 'pager-key'], { stdin: `whsec_${'a2V5'.repeat(8)}` });
  await world.broker.run(['hook', 'add', 'pager', '--url', receiver.url, '--secret', 'pager-key']);
  const ada = await world.member('ada');
  await world.broker.run(ASK);
  const client = await ada.aiClient();
  const call = client.call('counting__echo', { text: 'mine' });
  const id = await waitingAt(second);
  const shown = Object(await second.json(['request', 'show', id])) as { who: string; arguments: string };
  assert.deepEqual([shown.who, JSON.parse(shown.arguments)], ['user:ada', { text: 'mine' }]);
  assert.deepEqual(upstream.calls, []);
  await second.run(['request', 'approve', id]);
  assert.equal((await call).text, 'mine');
  assert.equal(upstream.calls.length, 1);

  const again = client.call('counting__echo', { text: 'mine' });
  const other = await waitingAt(second, id);
  await second.run(['request', 'deny', other, '--note', 'once is enough']);
  assert.match((await again).text, /^\[mcpgate denied\] .*"once is enough"/);
  assert.equal(upstream.calls.length, 1);

  // Two decide at once, each at a broker: the call does what the first of them said, and the other is told.
  const last = client.call('counting__echo', { text: 'last' });
  const contested = await waitingAt(second);
  const [yes, no] = await Promise.allSettled([
    world.broker.run(['request', 'approve', contested]),
    second.run(['request', 'deny', contested]),
  ]);
  assert.notEqual(yes.status, no.status);
  const refusal = yes.status === 'rejected' ? yes : no;
  assert.match(String(Object(refusal)['reason']), new RegExp(`has (?:approved|denied) ${contested} already`));
  const { text } = await last;
  assert.match(text, yes.status === 'fulfilled' ? /^last$/ : /^\[mcpgate denied\]/);
  assert.equal(upstream.calls.length, yes.status === 'fulfilled' ? 2 : 1);
  const toldOf = (id: string) => receiver.asked.filter(({ headers }) => String(headers['webhook-id']).startsWith(id));
  await until('the receiver to be told of the last decision', () => toldOf(contested).length > 1);
  const events = (await world.broker.json(['audit', 'search', '--type', 'approval.*'])) as Record<string, unknown>[];
  for (const each of [id, other, contested]) {
    assert.deepEqual(
      toldOf(each).map(({ headers }) => headers['webhook-id']),
      [`${each}.asked`, `${each}.decided`],
    );
    const decisions = events.filter(({ type, subject }) => subject === `request:${each}` && DECIDED.has(String(type)));
    assert.equal(decisions.length, 1, JSON.stringify(events));
  }
});

test('a request outlives a broker that is killed in the wait: nothing was sent, and the call goes on once it is approved and made again', async (t) => {
  const { upstream, world } = await createCountingWorld(t);
  const ada = await world.member('ada');
  await world.broker.run(ASK);
  const client = await ada.aiClient();
  const lost = client.call('counting__echo', { text: 'mine' }).catch(() => undefined);
  const id = await waitingAt(world.broker);
  await world.broker.stop('SIGKILL');
  await world.broker.start();
  await lost;
  assert.deepEqual(upstream.calls, []);
  assert.equal(await waitingAt(world.broker), id);
  await world.broker.run(['request', 'approve', id]);
  assert.equal((await client.call('counting__echo', { text: 'mine' })).text, 'mine');
  assert.equal(upstream.calls.length, 1);
  const { events } = { events: await world.broker.run(['audit', 'search', '--type', 'approval.used', '--json']) };
  assert.match(events, new RegExp(id));
});

test('somebody who was denied asks by the id in the denial, is given access for a time, and sees how it stands', async (t) => {
  const { upstream, world } = await createCountingWorld(t, { open: false });
  const linus = await world.member('linus');
  const denied = await linus.gate(['call', 'counting__echo', 'text=mine']);
  const [, id = assert.fail(denied.stdout)] =
    /`mcpgate request (q_[a-z2-7]{8}) "/.exec(denied.stdout + denied.stderr) ?? [];
  assert.deepEqual(await world.broker.json(['request', 'list']), [], 'nobody has asked yet');
  const asked = await linus.gate(['request', id, 'on call']);
  assert.match(asked.stdout + asked.stderr, /counting__echo: waits to be decided/);
  const empty = await linus.gate(['request', id, ' ']);
  assert.deepEqual([empty.code, /the reason is empty: say why, or leave it out/.test(empty.stderr)], [2, true]);
  await linus.gate(['request', id, 'on call tonight']);
  const unknown = await linus.gate(['request', 'q_nothing1']);
  assert.equal(unknown.code, 1);
  const shown = Object(await world.broker.json(['request', 'show', id])) as {
    who: string;
    kind: string;
    reason: string;
  };
  assert.deepEqual([shown.who, shown.kind, shown.reason], ['user:linus', 'access', 'on call tonight']);
  await world.broker.run(['request', 'approve', id, '--for', '3d']);
  assert.match((await linus.gate(['call', 'counting__echo', 'text=mine'])).stdout, /mine/);
  assert.equal(upstream.calls.length, 1);
  assert.match(
    (await linus.gate(['requests'])).stdout,
    new RegExp(`${id}  counting__echo  approved by host:\\w+, until `),
  );
  const rules = (await world.broker.json(['rule', 'list'])) as { note: string | null; until: string | null }[];
  assert.notEqual(rules.find(({ note }) => note === `request ${id}`)?.until ?? null, null);
});
