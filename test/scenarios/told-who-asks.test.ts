// A server of one's own that is told who asks, from its side: it believes what it verifies by the broker's published keys, and nothing else.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startPostgres } from '../postgres.ts';
import { startIdentityServer } from '../upstreams/identity-server.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { createWorld, type World } from '../world.ts';

const HEADER = ['--identity-header', 'X-Mcpgate-Identity'];

async function open(t: TestContext, databaseUrl?: string) {
  const world = await createWorld(t, { direct: true, ...(databaseUrl !== undefined && { databaseUrl }) });
  const server = await startIdentityServer(world.url);
  t.after(() => server.close());
  await world.broker.run(['server', 'add', 'own', server.url, ...HEADER]);
  return { world, server };
}

async function tokenOf(world: World, name: string): Promise<string> {
  await world.person(name, { groups: [`team-of-${name}`] });
  const issue = ['grant', 'issue', '--label', `for-${name}`, '--server', 'own', '--user', name];
  return ((await world.broker.json(issue)) as IssuedGrant).token;
}

const refused = (server: Awaited<ReturnType<typeof open>>['server']) =>
  server.received.filter((each) => each.refused !== undefined);

test('each request says who asks, to that server alone; connections are never shared, the caller’s own token is never passed on, and an echo is hidden', async (t) => {
  const { world, server } = await open(t);
  const people = ['grace', 'linus'];
  const tokens = await Promise.all(people.map((name) => tokenOf(world, name)));
  const callers = await Promise.all(tokens.map((token) => openMcpCaller(world.url, token)));
  for (const [index, caller] of [...callers.entries(), ...callers.entries()])
    assert.equal(await caller.call('own__whoami', {}), `${people[index]} of ["team-of-${people[index]}"] by ***`);
  assert.deepEqual(refused(server), []);
  const calls = server.received.filter(({ method }) => method === 'tools/call');
  const users = (await world.broker.json(['user', 'list'])) as { id: string; name: string }[];
  for (const { claims = {}, authorization } of server.received) {
    assert.equal(authorization, undefined);
    assert.deepEqual([claims.iss, claims.aud, claims['workspace']], [world.url, server.url, 'default']);
    assert.equal(users.find(({ id }) => id === claims.sub)?.name, claims['preferred_username']);
    assert.ok((claims.exp ?? 0) - (claims.iat ?? 0) <= 300);
  }
  const bySession = Map.groupBy(server.received, ({ session }) => session ?? 'new');
  for (const [session, all] of bySession)
    if (session !== 'new')
      assert.equal(new Set(all.map(({ claims }) => claims?.sub)).size, 1, 'a session is one person’s');
  assert.deepEqual(
    calls.map(({ claims }) => claims?.['preferred_username']),
    [...people, ...people],
  );
  assert.doesNotMatch(world.broker.output(), /eyJ/, 'no token in the log');

  // Whoever is no person says nobody's name, and the server decides.
  const machine = (await world.broker.json(['grant', 'issue', '--label', 'ci', '--server', 'own'])) as IssuedGrant;
  const caller = await openMcpCaller(world.url, machine.token);
  await assert.rejects(caller.call('own__whoami', {}));
  assert.deepEqual(new Set(refused(server).map(({ token }) => token)), new Set(['']));
});

test('two brokers sign with one key; it is rotated while calls go on, and what somebody else may have is good no more at once', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const { world, server } = await open(t, databaseUrl);
  const second = await startSecondBroker(t, world, databaseUrl);
  const token = await tokenOf(world, 'grace');
  const callers = await Promise.all([world.url, second.listenUrl].map((url) => openMcpCaller(url, token)));
  const kidsOfCalls = async () => {
    server.received.length = 0;
    for (const caller of callers) await caller.call('own__whoami', {});
    assert.deepEqual(refused(server), []);
    return [...new Set(server.received.map(({ kid }) => kid))];
  };
  const published = async (url: string) =>
    ((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }).keys;
  const [first] = await kidsOfCalls();
  assert.deepEqual(await kidsOfCalls(), [first]);

  await world.broker.run(['key', 'signing', 'rotate']);
  for (const url of [world.url, second.listenUrl]) {
    const keys = await published(url);
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ['identity-1', 'identity-2'],
      'the next one can be read before it signs',
    );
    assert.ok(keys.every((key) => !('d' in key)));
  }
  assert.deepEqual(await kidsOfCalls(), [first], 'and signs when everybody must have read it');
  const again = await world.broker.cli(['key', 'signing', 'rotate']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /identity-2 is to follow already/);

  const before = server.received.at(-1)?.token ?? '';
  await second.run(['key', 'signing', 'rotate', '--at-once']);
  assert.deepEqual(
    ((await world.broker.json(['key', 'signing', 'list'])) as { id: string; state: string }[]).map(
      ({ id, state }) => `${id} ${state}`,
    ),
    ['identity-3 current'],
  );
  assert.deepEqual(await kidsOfCalls(), ['identity-3']);
  const said = await fetch(server.url, { method: 'POST', headers: { 'x-mcpgate-identity': before } });
  assert.equal(said.status, 403);
});
