import assert from 'node:assert/strict';
import { after, afterEach, before, mock, suite, test } from 'node:test';
import { decodeJwt, importJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../fixtures/identity-world.ts';

suite('the OAuth server', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld();
  });
  after(() => world.close());
  afterEach(() => mock.timers.reset());
  const stopTime = (): void => mock.timers.enable({ apis: ['Date'], now: Date.now() });

  test('both discovery documents are the same and name the public address', async () => {
    const read = async (path: string) =>
      (await fetch(`${world.origin}${path}`, { headers: { host: 'evil.example' } })).json();
    const document = await read('/.well-known/openid-configuration');
    assert.deepEqual(await read('/.well-known/oauth-authorization-server'), document);
    const {
      issuer,
      token_endpoint,
      device_authorization_endpoint,
      revocation_endpoint,
      jwks_uri,
      grant_types_supported,
    } = z.record(z.string(), z.unknown()).parse(document);
    assert.equal(issuer, world.publicUrl);
    assert.ok(
      Array.isArray(grant_types_supported) && !grant_types_supported.includes('implicit'),
      'OAuth 2.1 has none',
    );
    assert.equal(token_endpoint, `${world.publicUrl}/oauth/token`);
    assert.equal(device_authorization_endpoint, `${world.publicUrl}/oauth/device_authorization`);
    assert.equal(revocation_endpoint, `${world.publicUrl}/oauth/revoke`);
    assert.equal(jwks_uri, `${world.publicUrl}/oauth/jwks`);
  });

  test('a device gets a code that is easy to type, and addresses to open', async () => {
    const started = await world.device().start();
    assert.equal(started.status, 200);
    assert.match(started.user_code ?? '', /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.equal(started.verification_uri, `${world.publicUrl}/device`);
    assert.equal(started.verification_uri_complete, `${world.publicUrl}/device?user_code=${started.user_code}`);
    assert.equal(started.expires_in, 600);
    assert.equal(started.interval, 2);
  });

  test('a device waits, is told to slow down when it hurries, and gets its tokens once it is approved', async () => {
    stopTime();
    const user = await world.addUser();
    const laptop = world.device();
    const started = await laptop.start();
    assert.equal((await laptop.poll(started.device_code)).error, 'authorization_pending');
    assert.equal((await laptop.poll(started.device_code)).error, 'slow_down');
    mock.timers.tick(2000);
    assert.equal((await laptop.poll(started.device_code)).error, 'authorization_pending');

    const typed = (started.user_code ?? '').toLowerCase().replace('-', '');
    const device = await world.identity.approveDevice(WORKSPACE, typed, user, HOST);
    const tokens = await laptop.poll(started.device_code);
    assert.equal(tokens.status, 200);
    assert.equal(tokens.expires_in, 600);
    assert.equal(tokens.token_type, 'Bearer');
    const { preferred_username, device_id, workspace } = decodeJwt(tokens.id_token ?? '');
    assert.deepEqual(
      { preferred_username, device_id, workspace },
      { preferred_username: user, device_id: device.id, workspace: WORKSPACE },
    );
    const { keys } = z
      .object({ keys: z.array(z.looseObject({ kty: z.string() })) })
      .parse(await (await fetch(`${world.origin}/oauth/jwks`)).json());
    const [key] = keys;
    assert.ok(key && !('d' in key), 'only the public key is shown');
    await jwtVerify(tokens.id_token ?? '', await importJWK(key, 'ES256'), {
      issuer: world.publicUrl,
      audience: 'mcpgate-cli',
    });

    const [approved] = (await world.events('login.approved')).filter(({ subject }) => subject === `user:${user}`);
    assert.equal(approved?.actor, 'host:root');
    assert.equal((await laptop.poll(started.device_code)).error, 'invalid_grant', 'a code works once');
  });

  test('a code that expired is said to be so, to the device and to the one who types it', async () => {
    stopTime();
    const user = await world.addUser();
    const laptop = world.device();
    const started = await laptop.start();
    mock.timers.tick(601_000);
    assert.equal((await laptop.poll(started.device_code)).error, 'expired_token');
    await assert.rejects(world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST), {
      code: 'gone',
      message: /expired/,
    });
  });

  test('codes nobody was given, users nobody added and disabled users are refused', async () => {
    const user = await world.addUser();
    await assert.rejects(world.identity.approveDevice(WORKSPACE, 'BBBB-BBBB', user, HOST), { code: 'not_found' });
    await assert.rejects(world.identity.approveDevice(WORKSPACE, 'nonsense!', user, HOST), { code: 'not_found' });
    const started = await world.device().start();
    await assert.rejects(world.identity.approveDevice(WORKSPACE, started.user_code ?? '', 'nobody', HOST), {
      code: 'not_found',
    });
    await world.identity.users.disable(WORKSPACE, user, HOST);
    await assert.rejects(world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST), {
      code: 'conflict',
    });
  });

  test('two approvals at the same moment make one login', async () => {
    const [ada, bob] = [await world.addUser(), await world.addUser()];
    const started = await world.device().start();
    const results = await Promise.allSettled(
      [ada, bob].map((user) => world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST)),
    );
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test('the name that a device gives itself is made one plain line', async () => {
    const laptop = world.device(`a\u202eb\n<b>c\u0000   ${'x'.repeat(200)}`);
    const started = await laptop.start();
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', await world.addUser(), HOST);
    assert.match(device.name, /^ab<b>c x+$/);
    assert.equal(device.name.length, 64);
  });

  test('unknown clients, resources and grant types are refused in plain JSON, or on a page where a person looks', async () => {
    assert.equal((await world.device().start({ client_id: 'somebody' })).error, 'invalid_client');
    assert.equal((await world.device().start({ resource: 'https://elsewhere.example/mcp' })).error, 'invalid_target');
    const refused = await world.post('/oauth/token', { grant_type: 'password', client_id: 'mcpgate-cli' });
    assert.equal(refused.error, 'unsupported_grant_type');
    const authorize = (accept: string) =>
      fetch(`${world.origin}/oauth/auth?client_id=mcpgate-cli&response_type=code`, {
        headers: { accept },
        redirect: 'manual',
      });
    const plain = await authorize('*/*');
    assert.equal(plain.status, 400);
    assert.match(plain.headers.get('content-type') ?? '', /json/);
    const page = await authorize('text/html,*/*;q=0.8');
    assert.equal(page.headers.get('location'), '/consent?problem=invalid_request', 'a person gets a page');
  });

  test('no token is in the database or in the log', async () => {
    const { laptop, tokens } = await world.logIn(await world.addUser());
    const next = await laptop.refresh(tokens.refresh_token);
    await laptop.refresh(tokens.refresh_token);
    const secrets = [tokens, next].flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]);
    await world.audit.flush();
    const kept = world.logLines.join('') + world.databaseText();
    assert.ok(kept.includes('login.approved') && kept.includes('AccessToken'), 'there is something to search');
    for (const secret of secrets) assert.ok(secret && !kept.includes(secret));
  });
});
