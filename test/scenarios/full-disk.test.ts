// The disk under the embedded database is full, or takes no writes: nothing is forwarded that cannot be recorded, and with room it goes on by
// itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AiClient } from '../world/clients/ai-client.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { createSmallDisk, limitFiles } from '../world/small-disk.ts';
import { until } from '../world/until.ts';

interface Status {
  state: string;
  warnings: string[];
}

const tell = (client: AiClient, text: string) =>
  client
    .call('counting__echo', { text })
    .catch((error: unknown) => ({ isError: true, text: error instanceof Error ? error.message : String(error) }));

/** Everything that holds while `noRoom` holds, and once it is over. */
async function holdsWithoutRoom(
  t: TestContext,
  options: { dataDir?: string; noRoom: (pid: number) => void; room: (pid: number) => void; why: RegExp },
): Promise<void> {
  const { dataDir, noRoom, room, why } = options;
  const { upstream, world } = await createCountingWorld(t, dataDir === undefined ? {} : { dataDir });
  const { broker } = world;
  const { pid } = broker;
  const ready = () => fetch(`${broker.listenUrl}/readyz`);
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await tell(client, 'before')).text, 'before');
  const held = client.call('counting__hold');
  await upstream.arrived('hold');

  noRoom(pid);
  const answered = ['before'];
  // What has its place already may still be filled: a row or two.
  const refusal = await until('a call to be refused', async () => {
    const answer = await tell(client, `full-${answered.length}`);
    if (answer.isError) return answer.text;
    answered.push(answer.text);
    return false;
  });
  assert.match(refusal, /the audit log cannot be written, so nothing is forwarded/);
  assert.ok(!refusal.includes(broker.dataDir), 'callers are not told of files');
  const refused = `full-${answered.length}`;
  upstream.release();
  assert.equal((await held).text, 'released', 'what was carried out is answered');
  const said = await until('the broker not to be ready', async () => {
    const response = await ready();
    return response.status === 503 && (await response.text());
  });
  assert.match(said, /audit log cannot be written/);
  assert.ok(!said.includes(broker.dataDir));
  assert.equal((await fetch(`${broker.listenUrl}/healthz`)).status, 200);
  const status = (await broker.json(['status'])) as Status;
  assert.equal(status.state, 'not_ready');
  assert.ok(
    status.warnings.some((warning) => why.test(warning)),
    status.warnings.join('\n'),
  );
  assert.match(await broker.run(['status']), /: not ready$/m);

  room(pid);
  await until('it to be ready again, with nobody calling', async () => (await ready()).status === 200);
  assert.equal((await tell(client, 'after')).text, 'after');
  answered.push('after');
  assert.equal(((await broker.json(['status'])) as Status).state, 'ready');
  assert.equal(broker.pid, pid);
  const rows = (await broker.json(['audit', 'search'])) as { tool_name: string; status: string }[];
  const ok = rows.filter((row) => row.status === 'ok');
  assert.equal(ok.filter(({ tool_name }) => tool_name === 'counting__echo').length, answered.length);
  assert.equal(ok.filter(({ tool_name }) => tool_name === 'counting__hold').length, 1, 'answered without room');
  assert.equal(ok.length, rows.length, 'what was refused left nothing behind');
  const carriedOut = upstream.calls.flatMap((call) => call.arguments['text'] ?? []);
  assert.deepEqual(carriedOut, answered);
  assert.ok(!carriedOut.includes(refused));
  const events = (await broker.json(['audit', 'search', '--events', '--type', 'audit.*writable'])) as {
    type: string;
    data: { refused?: number; ms?: number; why: string };
  }[];
  assert.deepEqual(events.map(({ type }) => type).toSorted(), ['audit.unwritable', 'audit.writable']);
  const end = events.find(({ type }) => type === 'audit.writable')?.data;
  assert.ok((end?.refused ?? 0) >= 1 && (end?.ms ?? 0) > 0);
  assert.match(await broker.run(['audit', 'verify']), /^whole: /);
  assert.doesNotMatch(broker.output(), /an unexpected error/);
}

test('a full disk refuses calls and nothing else, and loses no record; with room again the broker goes on by itself', async (t) => {
  const disk = createSmallDisk(t);
  await holdsWithoutRoom(t, {
    dataDir: join(disk.folder, 'data'),
    noRoom: disk.fill,
    room: disk.free,
    why: /audit log cannot be written.*(?:is full|I\/O error)/,
  });
});

test('files that take no writes any more refuse calls and nothing else; writable again, the broker goes on by itself', async (t) => {
  await holdsWithoutRoom(t, {
    noRoom: (pid) => limitFiles(pid, 0),
    room: (pid) => limitFiles(pid, 'unlimited'),
    why: /audit log cannot be written.*I\/O error/,
  });
});
