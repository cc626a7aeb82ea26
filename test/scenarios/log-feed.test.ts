// Receivers of the audit log over the ends of brokers and of their own: each row of the log arrives, whoever is killed when.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCountingWorld } from '../world/counting-world.ts';
import { freePort } from '../world/network/free-port.ts';
import { createPrivateAuthority } from '../world/network/private-authority.ts';
import { createRsyslog, type SyslogLine } from '../world/rsyslog.ts';
import { until } from '../world/until.ts';

interface Entry {
  id: string;
  type: string;
  data: { id: string };
}

test('receivers that were away or killed, and a broker that was killed: every call and event of the log arrives', async (t) => {
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

  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const port = await freePort();
  const tls = { caFile: authority.caFile, ...(await authority.issue('DNS:localhost')) };
  const folder = mkdtempSync(join(tmpdir(), 'mg-log-feed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const rsyslog = createRsyslog(t, { folder, port, transport: 'tls', tls });

  const { world, upstream } = await createCountingWorld(t);
  await world.broker.run(['secret', 'set', 'log-key'], { stdin: 'what signs the log' });
  await world.broker.run(['hook', 'add', 'log', '--url', url, '--secret', 'log-key']);
  const syslog = ['--url', `syslog+tls://localhost:${port}`, '--ca', authority.caFile];
  await world.broker.run(['hook', 'add', 'siem', '--kind', 'log', ...syslog]);
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

  // It was not there until now; then it is killed again and again while it gets more.
  const stateOf = async () =>
    (await world.broker.json(['hook', 'show', 'siem'])) as { queue: { queued: number; last_error: string | null } };
  const away = await stateOf();
  assert.ok(away.queue.queued > 10);
  assert.match(String(away.queue.last_error), /localhost:\d+ has not taken all of it: nobody listens there/);
  let isOver = false as boolean;
  const more = (async () => {
    for (let call = 0; !isOver; call += 1) await other.call('counting__echo', { text: `more ${call}` });
  })();
  for (let kill = 0; kill < 3; kill += 1) {
    const calls = () => rsyslog.lines().filter(({ id }) => id === 'call.ended').length;
    const before = calls();
    await rsyslog.start();
    // It is there again, which is tried at once.
    await world.broker.run(['hook', 'test', 'siem']);
    await until('some of it has come', () => calls() > before);
    await rsyslog.stop('SIGKILL');
  }
  isOver = true;
  await more;
  await rsyslog.start();
  await world.broker.run(['hook', 'test', 'siem']);
  const idOf = ({ read }: SyslogLine) => read['mcpgate@32473']?.['id'] ?? '';
  const all = (await world.broker.json(['audit', 'search', '--limit', '1000'])) as { id: string; status: string }[];
  const came = (msgId: string) =>
    new Set(rsyslog.lines().flatMap(({ id, text }) => (id === msgId ? [(JSON.parse(text) as { id: string }).id] : [])));
  await until('all has come to the syslog receiver', () =>
    all.every(({ id, status }) => came(status === 'unknown' ? 'call.begun' : 'call.ended').has(id)),
  );
  const seen = new Map<string, string>();
  for (const line of rsyslog.lines()) {
    assert.equal(seen.get(idOf(line)) ?? line.text, line.text, 'what comes twice under an id is the same');
    seen.set(idOf(line), line.text);
  }
});
