// A receiver of the audit log over the ends of brokers: each row of the log arrives, whoever is killed when.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createCountingWorld } from '../world/counting-world.ts';
import { until } from '../world/until.ts';

interface Entry {
  id: string;
  type: string;
  data: { id: string };
}

test('a receiver that was away, and a broker that was killed: every call and event of the log arrives', async (t) => {
  const entries: Entry[] = [];
  const signatures: unknown[] = [];
  let isAway = true;
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (isAway) return response.writeHead(503).end();
      const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { data: { entries: Entry[] } };
      entries.push(...data.entries);
      signatures.push(request.headers['webhook-signature']);
      return response.writeHead(204).end();
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  t.after(() => http.close());
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/log`;

  const { world, upstream } = await createCountingWorld(t);
  await world.broker.run(['secret', 'set', 'log-key'], { stdin: 'what signs the log' });
  await world.broker.run(['hook', 'add', 'log', '--url', url, '--secret', 'log-key']);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  for (let call = 0; call < 5; call += 1) await client.call('counting__echo', { text: String(call) });
  const held = client.call('counting__hold').catch(() => undefined);
  await upstream.arrived('hold');
  await world.broker.stop('SIGKILL');
  isAway = false;
  await world.broker.start();
  const other = await ada.aiClient();
  await other.call('counting__echo', { text: 'after' });
  upstream.release();
  await held;
  const calls = (await world.broker.json(['audit', 'search', '--limit', '100'])) as { id: string; status: string }[];
  assert.ok(calls.length >= 7);
  const arrived = (type: string) => new Set(entries.filter((entry) => entry.type === type).map(({ data }) => data.id));
  await until('all calls have arrived', () =>
    calls.every(({ id, status }) => arrived(status === 'unknown' ? 'call.begun' : 'call.ended').has(id)),
  );
  const events = (await world.broker.json(['audit', 'search', '--events', '--limit', '500'])) as {
    id: string;
    type: string;
    ts: string;
  }[];
  const from = events.findLastIndex(({ type }) => type === 'hook.added');
  assert.ok(from >= 0);
  await until('all events since have arrived', () =>
    events.slice(0, from + 1).every(({ type, id }) => arrived(type).has(id)),
  );
  assert.ok(signatures.every((signature) => String(signature).startsWith('v1,')));
  assert.doesNotMatch(JSON.stringify(entries), /what signs the log/);
});
