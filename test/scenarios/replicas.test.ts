// Two brokers on one database: what is changed at one holds at the other at once. People are connected to the second, administrators work
// at the first.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import type { Broker } from '../world/broker.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

interface Receipt {
  links_closed: number;
  calls_cancelled: number;
  ms: number;
  unconfirmed: string[];
}

const OLD = 'svc_old_1d7f';
const NEW = 'svc_new_55ac';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

async function openTwoBrokers(t: TestContext) {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${OLD}`] });
  t.after(() => upstream.close());
  const servers = { counting: { url: upstream.url, headers: { Authorization: `Bearer ${OLD}` } } };
  const world = await createWorld(t, { databaseUrl, servers });
  const second = await startSecondBroker(t, world, databaseUrl);
  world.network.target = second.listenUrl;
  return { databaseUrl, upstream, world, first: world.broker, second };
}

test('a leaver who is disabled at one broker is cut off at the other: link, call, receipt', async (t) => {
  const { upstream, world, first, second } = await openTwoBrokers(t);
  const [ada, grace] = [await world.member('ada'), await world.member('grace')];
  const [client, other] = [await ada.aiClient(), await grace.aiClient()];
  assert.equal((await other.call('counting__echo', { text: 'grace' })).text, 'grace');
  const held = client.call('counting__hold').catch((error: unknown) => ({ isError: true, text: String(error) }));
  await upstream.arrived('hold');

  const issued = Object(await first.json(['admin-token', 'issue', '--label', 'looks', '--role', 'operator']));
  const headers = { authorization: `Bearer ${String(issued['token'])}` };
  const beside = Object(await (await fetch(`${first.listenUrl}/api/v1/settings/brokers`, { headers })).json());
  const [{ links: linksThere, channels, version, draining }] = beside;
  const { version: here } = Object(await first.json(['status']));
  assert.deepEqual(
    [linksThere, channels, version, draining, beside.length],
    [2, 2, here, false, 1],
    'the other as it is',
  );

  const receipt = (await first.json(['user', 'disable', 'ada'])) as Receipt;

  const { links_closed, calls_cancelled, unconfirmed } = receipt;
  assert.deepEqual(
    { links_closed, calls_cancelled, unconfirmed },
    { links_closed: 1, calls_cancelled: 1, unconfirmed: [] },
  );
  assert.ok(receipt.ms < 1_000, `${receipt.ms} ms`);
  t.diagnostic(`the receipt of both brokers took ${receipt.ms} ms`);
  await upstream.cancelled();
  assert.equal((await held).isError, true);
  await world.network.when(() => world.network.upgrades.open === 1);
  const metrics = await (await fetch(`${second.listenUrl}/metrics`)).text();
  assert.match(metrics, /^mcpgate_tunnel_links_closed_total\{code="4403"\} 1$/m);
  assert.match(metrics, /^mcpgate_brokers 2$/m);
  assert.equal((await other.call('counting__echo', { text: 'still here' })).text, 'still here');
});

test('a grant that is revoked at one broker is dead in its HTTP session at the other, with the call under way', async (t) => {
  const { upstream, world, first } = await openTwoBrokers(t);
  const grant = (await first.json(['grant', 'issue', '--label', 'ci', '--server', 'counting'])) as IssuedGrant;
  const ask = (session: string | null, message: unknown) =>
    fetch(`${world.url}/mcp`, {
      method: 'POST',
      body: JSON.stringify(message),
      headers: {
        authorization: `Bearer ${grant.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== null && { 'mcp-session-id': session }),
      },
    });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'ci', version: '1' } };
  const opened = await ask(null, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  assert.equal(opened.status, 200);
  const session = opened.headers.get('mcp-session-id');
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'counting__hold', arguments: {} } };
  const held = ask(session, call).catch(() => undefined);
  await upstream.arrived('hold');

  const receipt = (await first.json(['grant', 'revoke', 'ci'])) as Receipt;

  assert.deepEqual([receipt.links_closed, receipt.calls_cancelled, receipt.unconfirmed], [1, 1, []]);
  await upstream.cancelled();
  await held;
  assert.equal((await ask(session, { ...call, id: 3 })).status, 401);
  assert.equal(upstream.calls.length, 1);
});

test('rules, groups, secrets and servers that are changed at one broker hold for those who are connected to the other', async (t) => {
  const { upstream, world, first } = await openTwoBrokers(t);
  const client = await (await world.member('ada')).aiClient();
  const echo = (text: string) => client.call('counting__echo', { text });
  assert.deepEqual(await client.toolNames().then((names) => names.includes('counting__echo')), true);
  assert.equal((await echo('one')).text, 'one');

  let told = client.toolsChanged();
  await first.run(['rule', 'add', '--deny', '--who', 'group:leaving', '--what', 'counting__*']);
  await told;
  assert.equal((await echo('two')).text, 'two', 'she is not in the group');
  told = client.toolsChanged();
  await first.run(['group', 'add', 'leaving', 'ada']);
  await told;
  assert.equal((await echo('three')).isError, true);
  assert.deepEqual(await client.toolNames(), []);
  told = client.toolsChanged();
  await first.run(['group', 'remove', 'leaving']);
  await told;
  assert.equal((await echo('four')).text, 'four');

  const startedAt = performance.now();
  await first.run(['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'counting__fail']);
  await until('the rule to hold at the other', async () =>
    (await client.call('counting__fail')).text.includes('denied'),
  );
  t.diagnostic(`a new rule holds after ${Math.round(performance.now() - startedAt)} ms, with its command`);

  const secret = await world.secretOf('counting');
  upstream.accepts = [`Bearer ${NEW}`];
  await first.run(['secret', 'set', secret], { stdin: NEW });
  assert.equal((await echo('five')).text, 'five');
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${NEW}`);
  assert.equal(upstream.refused, 0, 'the old value was not tried again');

  told = client.toolsChanged();
  await first.run([
    'server',
    'add',
    'second',
    '--url',
    upstream.url,
    '--header',
    `Authorization=Bearer \${secret:${secret}}`,
  ]);
  await told;
  const names = await until('the new tools', async () => {
    const all = await client.toolNames();
    return all.includes('second__echo') && all;
  });
  assert.ok(names.includes('counting__echo'));
  assert.equal((await client.call('second__echo', { text: 'six' })).text, 'six');
  told = client.toolsChanged();
  await first.run(['server', 'remove', 'second']);
  await told;
  assert.ok(!(await client.toolNames()).includes('second__echo'));
  const seen = upstream.calls.length;
  const gone = await client.call('second__echo').catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(gone.isError, true);
  assert.equal(upstream.calls.length, seen);
});

test('a request with an idempotency key is carried out once at whichever broker, and never again where its broker was killed in the middle', async (t) => {
  const { databaseUrl, first, second } = await openTwoBrokers(t);
  const { token } = (await first.json(['admin-token', 'issue', '--label', 'ci', '--role', 'admin'])) as IssuedGrant;
  const ask = async (broker: Broker, method: string, path: string, body?: object, key?: string) => {
    const response = await fetch(`${broker.listenUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    return { status, headers, body: Object(await response.json()) as Record<string, unknown> };
  };

  const tries = Array.from({ length: 8 }, (_, index) =>
    ask(index % 2 === 0 ? first : second, 'POST', '/admin-tokens', { label: 'tf', role: 'operator' }, 'once'),
  );
  const answers = await Promise.all(tries);
  assert.ok(
    answers.every(({ status }) => status === 200 || status === 409),
    JSON.stringify(answers),
  );
  const [done] = answers.filter(({ status }) => status === 200);
  for (const broker of [first, second]) {
    const again = await ask(broker, 'POST', '/admin-tokens', { label: 'tf', role: 'operator' }, 'once');
    assert.deepEqual([again.body, again.headers.get('idempotency-replayed')], [done?.body, 'true']);
  }
  const made = await first.json(['admin-token', 'list']);
  assert.deepEqual((made as { label: string }[]).map(({ label }) => label).toSorted(), ['ci', 'tf']);

  // The new value is in use, and the probe of its server gets no answer: there the broker is killed.
  const arrived = Promise.withResolvers<void>();
  let isSilent = true;
  const silent = createServer(({ headers }, response) => {
    if (isSilent && headers['x-key'] === 'the-second') arrived.resolve();
    else response.writeHead(503).end();
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await first.run(['secret', 'set', 'held'], { stdin: 'the-first' });
  const { port } = silent.address() as AddressInfo;
  const transport = { kind: 'http', url: `http://127.0.0.1:${port}/mcp`, headers: { 'X-Key': '${secret:held}' } };
  assert.equal((await ask(first, 'POST', '/servers', { name: 'silent', transport })).status, 200);
  const set = (broker: Broker, key: string) => ask(broker, 'PUT', '/secrets/held', { value: 'the-second' }, key);
  const broken = set(first, 'killed').catch((error: unknown) => error);
  await arrived.promise;
  await first.stop('SIGKILL');
  assert.ok((await broken) instanceof Error);

  const early = await set(second, 'killed');
  assert.deepEqual([early.status, early.headers.get('retry-after')], [409, '1'], JSON.stringify(early.body));
  // A minute without a word from who held it.
  await runSql(databaseUrl, 'update idempotent_requests set lease_until = 1');
  isSilent = false;
  await first.start();
  for (const broker of [second, first]) {
    const late = await set(broker, 'killed');
    assert.equal(late.status, 409);
    assert.match(String(late.body['detail']), /broken off: whether it was done is not known/);
  }
  assert.equal((await ask(second, 'GET', '/secrets/held')).body['version'], 2, 'it was, and once');
  assert.equal((await set(second, 'after a look')).body['version'], 3);
});
