// Without its store the broker lets nobody in: it cannot know who was revoked a moment ago.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql, startPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { until } from '../world/until.ts';

test('while the store is away every door answers 503 and no call is forwarded; once it is back all goes on', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const databaseUrl = await postgres.createDatabase();
  const world = await createWorld(t, { databaseUrl, servers: { counting: { url: upstream.url } } });
  const grant = (await world.broker.json(['grant', 'issue', '--label', 'ci', '--server', 'counting'])) as IssuedGrant;
  const issue = ['admin-token', 'issue', '--label'];
  const admin = (await world.broker.json([...issue, 'a', '--role', 'admin'])) as { token: string };
  const scim = (await world.broker.json([...issue, 's', '--role', 'scim'])) as { token: string };
  const ask = async (path: string, token: string, body?: unknown): Promise<number> => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${world.url}${path}`, { headers, ...post });
    await response.body?.cancel();
    return response.status;
  };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'ci', version: '1' } };
  const doors = async (): Promise<number[]> => [
    await ask('/v1/whoami', grant.token),
    await ask('/mcp', grant.token, { jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    await ask('/api/v1/users', admin.token),
    await ask('/scim/v2/Users', scim.token),
  ];
  assert.deepEqual(await doors(), [200, 200, 200, 200]);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  assert.equal((await client.call('counting__echo', { text: 'before' })).text, 'before');

  const name = new URL(databaseUrl).pathname.slice(1);
  const allow = (isAllowed: boolean) =>
    runSql(postgres.url, `alter database "${name}" with allow_connections ${isAllowed}`);
  await allow(false);
  await runSql(postgres.url, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
  const seen = upstream.calls.length;
  assert.deepEqual(await doors(), [503, 503, 503, 503]);
  const refused = await client
    .call('counting__echo', { text: 'x' })
    .catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(refused.isError, true, refused.text);
  assert.equal(upstream.calls.length, seen, 'nothing is forwarded that cannot be recorded');

  await allow(true);
  await until('the store to be back', async () => (await fetch(`${world.broker.listenUrl}/readyz`)).status === 200);
  assert.deepEqual(await doors(), [200, 200, 200, 200]);
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
});
