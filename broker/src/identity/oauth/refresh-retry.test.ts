import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { createIdentityWorld } from '../identity-world.ts';
import { sha256Hex } from '../secret-token.ts';
import { createRefreshRetry, placeOfAddress, type Admission } from './refresh-retry.ts';

test('a place is an IPv4 address, a /64 of IPv6, or this computer, however the socket writes it', () => {
  for (const [address, place] of [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.9', 'loopback'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1:2:3:4', 'fe80:0:0:0'],
  ] as const) {
    assert.equal(placeOfAddress(address), place, address);
  }
});

test('of two brokers that get the same refresh token at once one rotates, and both give its answer', async (t) => {
  const world = await createIdentityWorld();
  t.after(() => world.close());
  t.after(() => mock.reset());
  const parts = { store: world.store, vault: world.vault, clock: systemClock };
  const [one, two] = [createRefreshRetry(parts), createRefreshRetry(parts)];
  const attempt = (proof: string) => ({
    refreshToken: 'token',
    grantId: undefined,
    proof: proof.repeat(43),
    consumed: false,
    graceMs: 60_000,
  });
  await world.store.oauth.upsert({
    ...{ kind: 'RefreshToken', idHash: sha256Hex('token'), payload: '{}', grantId: null, userCode: null, uid: null },
    ...{ consumedAt: null, expiresAt: null },
  });
  const rotates = (admission: Admission) =>
    admission.kind === 'rotate' ? admission : assert.fail(`${admission.kind} in place of rotate`);

  const first = rotates(await one.admit(attempt('a')));
  const waits = two.admit(attempt('a'));
  assert.equal(await world.store.oauth.consume('RefreshToken', sha256Hex('token'), Date.now()), true);
  await first.keep({ access_token: 'x' });
  const second = await waits;
  assert.deepEqual(second.kind === 'replay' && second.answer, { access_token: 'x' });
  second.release();
  // One that had been let through before the token was used up finds it gone, and looks for the answer.
  assert.deepEqual(await first.elsewhere(), { access_token: 'x' });
  assert.equal((await two.admit(attempt('b'))).kind, 'reuse', 'from another place it is somebody else');
});
