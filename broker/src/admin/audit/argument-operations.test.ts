// The values in arguments from a client's call to an auditor's eyes: through a real gateway, server, vault and database.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { auditApi } from 'mcpgate-shared/api/audit';
import { startWorld } from '../../gateway/fixtures/gateway-world.ts';
import { fixtureServer } from '../../upstreams/fixtures/pool.ts';
import type { Caller } from '../operation.ts';
import { argumentOperations } from './argument-operations.ts';

const AUDITOR: Caller = {
  actor: { name: 'carol', address: '10.0.0.7' },
  role: 'auditor',
  workspaceId: 'default',
  homeWorkspaceId: 'default',
  credential: { kind: 'session', id: 's', label: 'carol' },
};
const SECRET = 'plain-words-that-are-a-secret';
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(async () => await world.end());

async function shown(id: string) {
  const [reading] = argumentOperations({ ...world, clock: systemClock });
  assert.ok(reading);
  const signal = new AbortController().signal;
  return auditApi.arguments.answer.parse(
    await reading.run({ params: { id }, query: {}, body: undefined }, AUDITOR, signal),
  );
}

it('are kept as the record of the server says, of calls that are denied too, shown without known secrets, and each reading leaves its event', async () => {
  const transport = fixtureServer([], { TOKEN: '${secret:token}' });
  world = await startWorld(
    {
      whole: { transport, auditArguments: 'full' },
      masked: { transport, auditArguments: 'masked' },
      quiet: { transport },
    },
    { secrets: { token: SECRET } },
  );
  await world.rule('allow', 'group:eng', '*__numbers');
  const client = world.connect();
  const args = { note: `Lovelace says ${SECRET}`, key: TOKEN };
  for (const server of ['whole', 'masked', 'quiet']) await client.call(`${server}__numbers`, args);
  await client.call('whole__echo', { text: 'denied Lovelace' });
  await client.call('whole__numbers', { text: 'y'.repeat(10 * 1024 * 1024) });
  const calls = await world.calls();
  const ids = calls.map(({ id }) => id);
  const answers = [];
  for (const id of [...ids, ids[0] ?? '']) answers.push(await shown(id));
  const [whole, masked, quiet, denied, large] = answers;
  assert.deepEqual(
    [whole?.kept, whole?.text, whole?.cut],
    ['full', JSON.stringify({ note: 'Lovelace says ***', key: TOKEN }), false],
  );
  assert.deepEqual([masked?.kept, masked?.text], ['masked', JSON.stringify({ note: 'Lovelace says ***', key: '***' })]);
  assert.deepEqual([quiet?.kept, quiet?.text, quiet?.keys], ['none', null, ['note', 'key']]);
  assert.deepEqual([denied?.kept, denied?.text], ['full', '{"text":"denied Lovelace"}']);
  assert.equal(calls[3]?.status, 'denied');
  assert.ok(large?.cut === true && (large.bytes ?? 0) > 10 * 1024 * 1024 && (large.text ?? '').length <= 64 * 1024);
  const { records } = await world.audit.findEvents({
    ...{ workspaceId: 'default', type: 'audit.arguments_shown', limit: 100 },
  });
  assert.deepEqual(
    records.toReversed().map(({ actor, address, subject, data }) => [actor, address, subject, data['kept']]),
    answers.map(({ id, kept }) => ['carol', '10.0.0.7', `call:${id}`, kept]),
  );
  await assert.rejects(shown(records[0]?.id ?? ''), { code: 'not_found' });
  const files = readdirSync(world.dataDir).filter((name) => name.startsWith('mcpgate.db'));
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(world.dataDir, name))));
  assert.ok(bytes.includes('whole__numbers') && !bytes.includes('Lovelace') && !bytes.includes(TOKEN));
});
