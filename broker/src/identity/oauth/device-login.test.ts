import assert from 'node:assert/strict';
import { after, afterEach, before, mock, suite, test } from 'node:test';
import { sha256Hex } from '../../store/secret-token.ts';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../fixtures/identity-world.ts';

suite('a device’s login', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld();
  });
  after(() => world.close());
  afterEach(() => mock.timers.reset());
  const stopTime = (): void => mock.timers.enable({ apis: ['Date'], now: Date.now() });

  test('each refresh gives a new pair, and the access token works at the tunnel only', async () => {
    const { laptop, tokens, deviceId } = await world.logIn(await world.addUser());
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
    const { laptop, tokens } = await world.logIn(await world.addUser());
    const first = await laptop.refresh(tokens.refresh_token);
    const again = await laptop.refresh(tokens.refresh_token);
    assert.deepEqual(again, first);
    assert.equal((await laptop.refresh(again.refresh_token)).status, 200, 'and the family lives on');
  });

  test('two refreshes of one device at the same instant get one and the same answer', async () => {
    const { laptop, tokens } = await world.logIn(await world.addUser());
    const answers = await Promise.all([1, 2, 3].map(() => laptop.refresh(tokens.refresh_token)));
    assert.equal(answers[0]?.status, 200);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });

  test('a refresh that the broker did not live to answer can be done again', async () => {
    const { laptop, tokens } = await world.logIn(await world.addUser());
    const real = world.store.oauth.upsert.bind(world.store.oauth);
    mock.method(world.store.oauth, 'upsert', (row: Parameters<typeof real>[0]) =>
      row.kind === 'AccessToken' ? Promise.reject(new Error('the power went out')) : real(row),
    );
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 500);
    mock.restoreAll();
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 200);
  });

  test('a used refresh token in other hands ends the family and is recorded', async () => {
    const user = await world.addUser();
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
    const { laptop, tokens } = await world.logIn(await world.addUser());
    const next = await laptop.refresh(tokens.refresh_token);
    mock.timers.tick(61_000);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await laptop.refresh(next.refresh_token)).error, 'invalid_grant');
  });

  test('a disabled user is refused at the refresh and at the door, and told again after being enabled to log in', async () => {
    const user = await world.addUser();
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
    const user = await world.addUser();
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
    const user = await world.addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const started = await laptop.start({ device_id: deviceId, device_name: 'renamed' });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST);
    assert.deepEqual([device.id, device.name], [deviceId, 'renamed']);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await laptop.poll(started.device_code)).status, 200);
  });

  test('a page left open does not end the login that the device has made since', async () => {
    stopTime();
    const user = await world.addUser();
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
    const user = await world.addUser();
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const started = await world.device().start({ device_id: deviceId });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', user, HOST);
    assert.notEqual(device.id, deviceId);
    assert.equal((await laptop.refresh(tokens.refresh_token)).status, 200);
  });

  test('a device that never gave a proof is not taken for itself by its id alone: its code must be typed', async () => {
    const user = await world.identity.users.show(WORKSPACE, await world.addUser());
    const visitor = { address: '192.0.2.1', userAgent: 'browser' };
    const shape = 'x'.repeat(43);
    for (const first of ['', 'too-short', `${shape}x`, `${shape.slice(1)}=`]) {
      const laptop = world.device();
      const before = await laptop.start({ device_proof: first });
      const { id } = await world.identity.approveDevice(WORKSPACE, before.user_code ?? '', user.name, HOST);
      for (const next of ['', first, shape]) {
        const again = await laptop.start({ device_id: id, device_proof: next });
        const found = await world.identity.web.findDevice(again.user_code ?? '', user, visitor);
        assert.ok(found.kind === 'pending');
        assert.equal(found.request.known, null, `“${first}”, then “${next}”`);
      }
    }
    const laptop = world.device();
    const { deviceId } = await world.logIn(user.name, laptop);
    const again = await laptop.start({ device_id: deviceId });
    const found = await world.identity.web.findDevice(again.user_code ?? '', user, visitor);
    assert.ok(found.kind === 'pending');
    assert.equal(found.request.known?.name, 'ada-laptop', 'one that proves itself is');
    await world.store.oauth.destroy('DeviceProof', sha256Hex(deviceId));
    const older = await world.identity.web.findDevice(again.user_code ?? '', user, visitor);
    assert.ok(older.kind === 'pending');
    assert.equal(older.request.known, null, 'nor is one of which nothing is kept');
  });

  test("another person's device id gives a device of one's own", async () => {
    const { deviceId } = await world.logIn(await world.addUser());
    const started = await world.device().start({ device_id: deviceId });
    const device = await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', await world.addUser(), HOST);
    assert.notEqual(device.id, deviceId);
  });

  test('logging out ends the tokens and the live link of the device', async () => {
    const { laptop, tokens, deviceId } = await world.logIn(await world.addUser());
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
    const { tokens } = await world.logIn(await world.addUser());
    mock.timers.tick(600_000);
    const refused = await world.identity.authenticate(tokens.access_token, 'tunnel');
    assert.ok(refused.kind === 'rejected' && refused.reason === 'expired');
  });
});
