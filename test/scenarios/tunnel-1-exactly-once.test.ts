// Point 1 of the tunnel: messages arrive in order and exactly once, whatever happens to the daemon or the network. The server's counter
// and the audit log are the witnesses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { callRecord, searchCalls } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { processesOf } from '../world/process-table.ts';
import { shareWorld } from '../world/shared-world.ts';

const share = shareWorld();

async function countingWorld(t: TestContext) {
  const { upstream, world, since } = share(t);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  await client.toolNames();
  return {
    ...{ upstream, world, since, ada, client, network: world.network },
    /** Each call reached its server once, and has one record, which says that it went well. */
    async assertOnce(calls: readonly string[]) {
      assert.deepEqual(upstream.calls.map(({ tool }) => tool).toSorted(), calls.toSorted());
      const records = await searchCalls(world.broker, since);
      assert.deepEqual(
        records.map(({ tool_name, status }) => `${tool_name} ${status}`).toSorted(),
        calls.map((tool) => `counting__${tool} ok`).toSorted(),
      );
    },
  };
}

test('the daemon is killed in the middle of a call, twice: the one answer arrives', async (t) => {
  const { upstream, ada, client, network, assertOnce } = await countingWorld(t);
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  for (let kills = 0; kills < 2; kills++) {
    const { total } = network.upgrades;
    const daemon = processesOf(ada.home).find(({ commandLine }) => /\bdaemon run\b/.test(commandLine));
    assert.ok(daemon);
    process.kill(daemon.pid, 'SIGKILL');
    await network.when(() => network.upgrades.total > total);
  }
  upstream.release();
  assert.equal((await held).text, 'released');
  await assertOnce(['hold']);
});

test('the link is cut in the middle of an answer that is larger than the window: it arrives whole', async (t) => {
  const { client, network, assertOnce } = await countingWorld(t);
  const { total } = network.upgrades;
  network.cutAfter(2_000_000);
  const answer = await client.call('counting__large', { bytes: 5_000_000 });
  assert.equal(answer.text, 'z'.repeat(5_000_000));
  assert.equal(network.upgrades.total, total + 1, 'it was cut once');
  await assertOnce(['large']);
});

test('a half-open link that swallows the answer is replaced, and the answer comes over the next one', async (t) => {
  const { upstream, client, network, assertOnce } = await countingWorld(t);
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const { total } = network.upgrades;
  network.swallow();
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(network.upgrades.total, total + 1, 'over the next link');
  await assertOnce(['hold']);
});

test('a slow link carries everything, in the end', async (t) => {
  const { client, network, assertOnce } = await countingWorld(t);
  network.throttle(1_000_000);
  const large = client.call('counting__large', { bytes: 2_000_000 });
  const small = Array.from({ length: 5 }, (_, index) => client.call('counting__echo', { text: `${index}` }));
  assert.deepEqual(
    (await Promise.all(small)).map(({ text }) => text),
    ['0', '1', '2', '3', '4'],
  );
  assert.equal((await large).text.length, 2_000_000);
  await assertOnce(['large', 'echo', 'echo', 'echo', 'echo', 'echo']);
});

test('a result that is there while the link is away waits for it', async (t) => {
  const { upstream, world, since, client, network, assertOnce } = await countingWorld(t);
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  network.cut();
  upstream.release();
  await callRecord(world.broker, ({ status }) => status === 'ok', since);
  network.restore();
  assert.equal((await held).text, 'released');
  await assertOnce(['hold']);
});

test('a message over the configured limit, from the client or from a server, costs one error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-limits-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'broker.yaml');
  writeFileSync(file, 'tunnel:\n  max_message: 1MiB\n');
  const { upstream, world } = await createCountingWorld(t, { brokerArgs: ['--config', file] });
  const client = await (await world.member('ada')).aiClient();
  await assert.rejects(client.call('counting__echo', { text: 'x'.repeat(2_000_000) }), /longer than 1 MiB/);
  const answer = await client.call('counting__large', { bytes: 2_000_000 });
  assert.ok(answer.isError && answer.text.startsWith('[mcpgate]'), answer.text.slice(0, 200));
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['large', 'echo'],
  );
});
