// Tokens of a client itself: how often a provider is asked for them, and what is told where it gives none.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startOAuthWorld } from '../../gateway/fixtures/oauth-world.ts';

const HOUR_MS = 3_600_000;
const SECRET = 'hush-hush-hush';

it('are fetched once for all who ask, again when they end or are refused, and not while their provider has just said no', async (t) => {
  const account = { kind: 'oauth', grant: 'client_credentials', clientId: 'robot', clientSecret: SECRET } as const;
  const world = await startOAuthWorld(t, { credential: 'shared', account });
  const web = world.serverNamed('web');
  let asked = 0;
  let says: object = { token_type: 'Bearer', expires_in: 3_600 };
  world.upstream.atToken = (_request, response) => {
    asked += 1;
    response.writeHead('error' in says ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify('error' in says ? says : { access_token: `at-robot-${asked}`, ...says }));
    return true;
  };
  const token = async () => world.accounts.token(web, 'shared');
  const first = { kind: 'token', value: 'at-robot-1' } as const;
  assert.deepEqual(
    await Promise.all(Array.from({ length: 20 }, token)),
    Array.from({ length: 20 }, () => first),
  );
  assert.equal(await world.accounts.lackOf(web, 'shared'), undefined, 'nobody has anything to connect');
  await assert.rejects(world.accounts.begin(web, 'shared', undefined), /server web is used with a client's own tokens/);

  world.pass(60_000);
  const refused = { wants: 'new_token', header: undefined } as const;
  const all = await Promise.all(
    Array.from({ length: 5 }, () => world.accounts.refused(web, 'shared', 'at-robot-1', refused)),
  );
  assert.deepEqual(new Set(all.map((answer) => JSON.stringify(answer))).size, 1);
  assert.deepEqual(await token(), { kind: 'token', value: 'at-robot-2' });
  assert.equal(
    await world.accounts.refused(web, 'shared', 'at-robot-2', refused),
    undefined,
    'a fresh one is no stale one',
  );
  assert.equal(asked, 2);

  world.pass(2 * HOUR_MS);
  says = { error: 'invalid_client', error_description: 'unknown' };
  for (let calls = 0; calls < 20; calls++)
    await assert.rejects(token, (error: Error) => {
      assert.match(error.message, /server web: 127\.0\.0\.1:\d+, .*refused: "invalid_client: unknown"/);
      assert.ok(!error.message.includes(SECRET), error.message);
      return true;
    });
  assert.equal(asked, 3, 'no storm');
  world.pass(60_000);
  says = { token_type: 'Bearer', expires_in: 3_600 };
  assert.deepEqual(await token(), { kind: 'token', value: 'at-robot-4' });
});

it('end here and at their provider when the record that they were fetched for is changed, disabled or removed, and not before', async (t) => {
  const grant = { kind: 'oauth', grant: 'client_credentials' } as const;
  const world = await startOAuthWorld(t, {
    credential: 'shared',
    account: { ...grant, clientId: 'robot', clientSecret: SECRET },
  });
  const { upstream, accounts, store } = world;
  const answer = await fetch(`${upstream.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: ['https://robot.example/'],
      token_endpoint_auth_method: 'client_secret_post',
    }),
  });
  const known = (await answer.json()) as { client_id: string; client_secret: string };
  const account = { ...grant, clientId: known.client_id, clientSecret: known.client_secret };
  upstream.atToken = (_request, response) => {
    const { access_token: token } = upstream.issue('robot');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3_600 }));
    return true;
  };
  // Which nothing but this test uses.
  const { id: _id, ...like } = world.serverNamed('web');
  let record = await store.servers.create({ ...like, name: 'robot', account });
  const { id } = record;
  const given: string[] = [];
  const ask = async () => {
    const answer = await accounts.token(record, 'shared');
    if (answer.kind === 'token') given.push(answer.value);
  };
  await ask();
  await accounts.serversChanged();
  assert.deepEqual(upstream.revoked, []);
  record = await store.servers.update(id, { account: { ...account, scopes: ['read'] } });
  await accounts.serversChanged();
  assert.deepEqual(upstream.revoked, given);
  await ask();
  await store.servers.update(id, { enabled: false });
  await accounts.serversChanged();
  assert.deepEqual(upstream.revoked, given);
  record = await store.servers.update(id, { enabled: true });
  await ask();
  assert.equal(upstream.revoked.length, 2);
  await store.servers.remove(id);
  await accounts.serversChanged();
  assert.deepEqual(upstream.revoked, given);
  assert.equal(given.length, 3);
});
