import assert from 'node:assert/strict';
import { after, afterEach, before, mock, suite, test } from 'node:test';
import { decodeJwt, importJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../identity-world.ts';

suite('the OAuth server', () => {
  let world: IdentityWorld;
  let count = 0;
  const addUser = async (): Promise<string> => {
    const { name } = await world.identity.users.add(WORKSPACE, { name: `user${++count}` }, HOST);
    return name;
  };
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
    const user = await addUser();
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
    const user = await addUser();
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
    const user = await addUser();
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
    const [ada, bob] = [await addUser(), await addUser()];
    const started = await world.device().start();
    const results = await Promise.allSettled(
      [ada, bob].map((user) => world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST)),
    );
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test('what a device says about itself is made one plain line', async () => {
    const laptop = world.device(`a\u202eb\n<b>c\u0000   ${'x'.repeat(200)}`);
    const started = await laptop.start();
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', await addUser(), HOST);
    assert.match(device.name, /^ab<b>c x+$/);
    assert.equal(device.name.length, 64);
  });

  test('each refresh gives a new pair, and the access token works at the tunnel only', async () => {
    const { laptop, tokens, deviceId } = await world.logIn(await addUser());
    const next = await laptop.refresh(tokens.refresh_token);
    assert.equal(next.status, 200);
    assert.notEqual(next.refresh_token, tokens.refresh_token);
    assert.notEqual(next.access_token, tokens.access_token);
    const answer = await world.identity.authenticate(next.access_token, 'tunnel');
    assert.ok(answer.kind === 'ok');
    assert.equal(answer.principal.device?.id, deviceId);
    for (const audience of ['mcp', 'api'] as const) {
      const refused = await world.identity.authenticate(next.access_token, audience);
      assert.ok(refused.kind === 'rejected' && refused.reason === 'wrong_audience');
    }
  });

  test('a lost refresh answer is given again, the very same, to the device that proves itself', async () => {
    const { laptop, tokens } = await world.logIn(await addUser());
    const first = await laptop.refresh(tokens.refresh_token);
    const again = await laptop.refresh(tokens.refresh_token);
    assert.deepEqual(again, first);
    assert.equal((await laptop.refresh(again.refresh_token)).status, 200, 'and the family lives on');
  });

  test('two refreshes of one device at the same instant get one and the same answer', async () => {
    const { laptop, tokens } = await world.logIn(await addUser());
    const answers = await Promise.all([1, 2, 3].map(() => laptop.refresh(tokens.refresh_token)));
    assert.equal(answers[0]?.status, 200);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });

  test('a refresh that the broker did not live to answer can be done again', async () => {
    const { laptop, tokens } = await world.logIn(await addUser());
    const real = world.store.oauth.upsert.bind(world.store.oauth);
    mock.method(world.store.oauth, 'upsert', (row: Parameters<typeof real>[0]) =>
      row.kind === 'AccessToken' ? Promise.reject(new Error('the power went out')) : real(row),
    );
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 500);
    mock.restoreAll();
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 200);
  });

  test('a used refresh token in other hands ends the family and is recorded', async () => {
    const user = await addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const next = await laptop.refresh(tokens.refresh_token);
    const ended: string[] = [];
    const stop = world.identity.onRevoked(async ({ kind, id }) => {
      ended.push(`${kind}:${id}`);
      return { linksClosed: 1, callsCancelled: 0 };
    });
    const thief = world.device();
    assert.equal((await thief.refresh(tokens.refresh_token)).error, 'invalid_grant');
    stop();
    assert.equal((await laptop.refresh(next.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(next.access_token, 'tunnel')).kind, 'rejected');
    assert.deepEqual(ended, [`device:${deviceId}`]);
    const [event] = (await world.events('token.reused')).filter(({ subject }) => subject === `device:${deviceId}`);
    assert.equal(event?.actor, user);
    assert.equal(event?.data.links_closed, 1);
  });

  test('after a minute the same device has no grace any more', async () => {
    stopTime();
    const { laptop, tokens } = await world.logIn(await addUser());
    const next = await laptop.refresh(tokens.refresh_token);
    mock.timers.tick(61_000);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await laptop.refresh(next.refresh_token)).error, 'invalid_grant');
  });

  test('a disabled user is refused at the refresh and at the door, and told again after being enabled to log in', async () => {
    const user = await addUser();
    const { laptop, tokens } = await world.logIn(user);
    const receipt = await world.identity.users.disable(WORKSPACE, user, HOST);
    assert.equal(receipt.subject, `user:${user}`);
    assert.equal(receipt.tokens_revoked, 2);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(tokens.access_token, 'tunnel')).kind, 'rejected');
    await world.identity.users.enable(WORKSPACE, user, HOST);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.logIn(user, laptop)).tokens.status, 200);
  });

  test('a revoked device is refused at the refresh and at the door, and cannot come back under its old id', async () => {
    const user = await addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const receipt = await world.identity.devices.revoke(WORKSPACE, deviceId, HOST);
    assert.deepEqual([receipt.subject, receipt.tokens_revoked], [`device:${deviceId}`, 2]);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(tokens.access_token, 'tunnel')).kind, 'rejected');
    const started = await laptop.start({ device_id: deviceId });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST);
    assert.notEqual(device.id, deviceId);
  });

  test('a known device that logs in again keeps its id, and its old tokens end', async () => {
    const user = await addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const started = await laptop.start({ device_id: deviceId, device_name: 'renamed' });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST);
    assert.deepEqual([device.id, device.name], [deviceId, 'renamed']);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await laptop.poll(started.device_code)).status, 200);
  });

  test('a page left open does not end the login that the device has made since', async () => {
    stopTime();
    const user = await addUser();
    const { laptop, deviceId } = await world.logIn(user);
    const stale = await laptop.start({ device_id: deviceId });
    mock.timers.tick(5);
    const fresh = await laptop.start({ device_id: deviceId });
    mock.timers.tick(5);
    await world.identity.approveDevice(WORKSPACE, fresh.user_code ?? '', user, HOST);
    const tokens = await laptop.poll(fresh.device_code);
    await assert.rejects(world.identity.approveDevice(WORKSPACE, stale.user_code ?? '', user, HOST), { code: 'gone' });
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 200);
  });

  test('a device id with another proof gives a new device and leaves the old login alone', async () => {
    const user = await addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const started = await world.device().start({ device_id: deviceId });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST);
    assert.notEqual(device.id, deviceId);
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 200);
  });

  test("another person's device id gives a device of one's own", async () => {
    const { deviceId } = await world.logIn(await addUser());
    const started = await world.device().start({ device_id: deviceId });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', await addUser(), HOST);
    assert.notEqual(device.id, deviceId);
  });

  test('logging out ends the tokens and the live link of the device', async () => {
    const { laptop, tokens, deviceId } = await world.logIn(await addUser());
    const ended: string[] = [];
    const stop = world.identity.onRevoked(async ({ id }) => {
      ended.push(id);
      return { linksClosed: 0, callsCancelled: 0 };
    });
    const answer = await world.post('/oauth/revoke', { client_id: 'mcpgate-cli', token: tokens.refresh_token ?? '' });
    stop();
    assert.equal(answer.status, 200);
    assert.deepEqual(ended, [deviceId]);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(tokens.access_token, 'tunnel')).kind, 'rejected');
    assert.equal(
      (await world.events('logout')).some(({ subject }) => subject === `device:${deviceId}`),
      true,
    );
  });

  test('an access token ends by itself and says so', async () => {
    stopTime();
    const { tokens } = await world.logIn(await addUser());
    mock.timers.tick(600_000);
    const refused = await world.identity.authenticate(tokens.access_token, 'tunnel');
    assert.ok(refused.kind === 'rejected' && refused.reason === 'expired');
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
    const { laptop, tokens } = await world.logIn(await addUser());
    const next = await laptop.refresh(tokens.refresh_token);
    await laptop.refresh(tokens.refresh_token);
    const secrets = [tokens, next].flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]);
    await world.audit.flush();
    const kept = world.logLines.join('') + world.databaseText();
    assert.ok(kept.includes('login.approved') && kept.includes('AccessToken'), 'there is something to search');
    for (const secret of secrets) assert.ok(secret && !kept.includes(secret));
  });
});
