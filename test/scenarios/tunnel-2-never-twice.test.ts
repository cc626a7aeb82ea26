// Point 2 of the tunnel: a call is sent to its server once, and again only where that cannot carry it out twice. The server's own
// counter is the witness; the record says why.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { startFragileUpstream, type Mishap } from '../upstreams/fragile-upstream.ts';
import { openWorld, type World } from '../world.ts';
import { searchCalls } from '../world/call-rows.ts';
import { holdCall } from '../world/counting-world.ts';
import type { Person } from '../world/people/person.ts';

let world: World;
let ada: Person;
before(async () => {
  world = await openWorld();
  ada = await world.member('ada');
});
after(() => world.close());

/** The server `fragile` and a client of it, for as long as the test. */
async function fragileServer(t: TestContext, args: readonly string[] = []) {
  const upstream = await startFragileUpstream();
  await world.importServers({ fragile: { url: upstream.url } }, { args });
  const client = await ada.aiClient();
  t.after(async () => {
    await client.close();
    await world.broker.run(['server', 'remove', 'fragile']);
    await upstream.close();
  });
  await client.toolNames();
  return {
    upstream,
    /** One call under `mishaps`: its answer, and what its record says. */
    async call(tool: string, ...mishaps: Mishap[]) {
      upstream.mishaps.push(...mishaps);
      const answer = await client.call(`fragile__${tool}`);
      const [record] = await searchCalls(world.broker);
      return { answer, record: [record?.status, record?.attempts, record?.retry_reason] };
    },
  };
}

test('a call that was refused (401, unknown session) is sent once more, and the record says why', async (t) => {
  const { upstream, call } = await fragileServer(t);
  assert.deepEqual((await call('write')).record, ['ok', 1, null]);
  assert.deepEqual((await call('write', 'unauthorized')).record, ['ok', 2, 'unauthorized']);
  const { answer, record } = await call('write', 'forgets_session');
  assert.deepEqual(record, ['ok', 2, 'session_lost']);
  assert.equal(answer.text, 'done 3', 'three calls were carried out three times');
  assert.equal(upstream.arrived(), 5);
});

test('a call that is refused again is not tried a third time', async (t) => {
  const { upstream, call } = await fragileServer(t);
  const { answer, record } = await call('write', 'unauthorized', 'unauthorized');
  assert.equal(answer.isError, true);
  assert.deepEqual(record, ['failed', 2, 'unauthorized']);
  assert.deepEqual([upstream.arrived(), upstream.executed], [2, {}]);
});

for (const mishap of ['dies_after', 'dies_before'] as const) {
  test(`a call whose connection dies (${mishap}) has an unknown outcome and is not repeated, whatever the tool says of itself`, async (t) => {
    const { upstream, call } = await fragileServer(t);
    for (const [index, tool] of ['write', 'read', 'put'].entries()) {
      const { answer, record } = await call(tool, mishap);
      assert.equal(answer.isError, true);
      assert.match(answer.text, /^\[mcpgate\] .*outcome is unknown/);
      assert.deepEqual(record, ['unknown', 1, null]);
      assert.equal(upstream.arrived(), index + 1);
    }
    assert.deepEqual(upstream.executed, mishap === 'dies_after' ? { write: 1, read: 1, put: 1 } : {});
  });
}

test('where the server is trusted about its tools, what only reads or may be repeated is sent once more, and a write never', async (t) => {
  const { upstream, call } = await fragileServer(t, ['--trust-annotations', 'fragile']);
  const read = await call('read', 'dies_after');
  assert.deepEqual([read.answer.isError, ...read.record], [false, 'ok', 2, 'read_only']);
  assert.deepEqual((await call('put', 'dies_before')).record, ['ok', 2, 'idempotent']);
  assert.deepEqual((await call('write', 'dies_after')).record, ['unknown', 1, null]);
  assert.deepEqual(upstream.executed, { read: 2, put: 1, write: 1 });

  assert.deepEqual((await call('read', 'dies_after', 'dies_after')).record, ['unknown', 2, 'read_only']);
  await world.broker.run(['server', 'set', 'fragile', '--trust-annotations', 'off']);
  assert.deepEqual((await call('read', 'dies_after')).record, ['unknown', 1, null]);
});

test('a call whose broker is killed has an unknown outcome, for its caller and in the log of the next broker', async (t) => {
  const { upstream, world: own, held: call } = await holdCall(t);
  await own.broker.stop('SIGKILL');
  await own.broker.start();
  const { text, isError } = await call;
  assert.equal(isError, true);
  assert.match(text, /^\[mcpgate\] .*outcome is unknown/);
  const [record] = await searchCalls(own.broker);
  assert.deepEqual([record?.tool_name, record?.status, record?.attempts], ['counting__hold', 'unknown', null]);
  assert.equal(upstream.calls.length, 1);
});
