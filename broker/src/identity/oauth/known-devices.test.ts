import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createIdentityWorld, WORKSPACE, type IdentityWorld } from '../fixtures/identity-world.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { createKnownDevices, hashDeviceProof, type KnownDevices } from './known-devices.ts';

const PROOF = 'p'.repeat(43);
const PROOF_HASH = sha256Hex(PROOF);

test('of a proof its hash is kept, and nothing of what has not its shape', () => {
  assert.equal(hashDeviceProof(PROOF), PROOF_HASH);
  for (const none of [
    undefined,
    null,
    7,
    '',
    PROOF.slice(1),
    `${PROOF}p`,
    `${PROOF}\n`,
    ` ${PROOF}`,
    `${PROOF.slice(1)}=`,
  ])
    assert.equal(hashDeviceProof(none), null, String(none));
});

suite('a device that is claimed', () => {
  let world: IdentityWorld;
  let known: KnownDevices;
  let userId: string;
  before(async () => {
    world = await createIdentityWorld();
    known = createKnownDevices(world.store);
    ({ id: userId } = await world.identity.users.show(WORKSPACE, await world.addUser()));
  });
  after(() => world.close());
  const addDevice = () =>
    world.store.devices.create({ workspaceId: WORKSPACE, userId, name: 'a', platform: 'b', address: 'c' });

  test('is proven by the proof of its last login alone', async () => {
    const { id: deviceId } = await addDevice();
    await known.remember(deviceId, { proofHash: PROOF_HASH, loggedInAt: 5 });
    const found = await known.find(userId, { deviceId, proofHash: PROOF_HASH });
    assert.deepEqual([found?.device.id, found?.proven, found?.loggedInAt], [deviceId, true, 5]);
    for (const proofHash of [sha256Hex('another'), null])
      assert.equal(await known.find(userId, { deviceId, proofHash }), undefined, String(proofHash));
    const next = sha256Hex('the next login');
    await known.remember(deviceId, { proofHash: next, loggedInAt: 6 });
    assert.equal(await known.find(userId, { deviceId, proofHash: PROOF_HASH }), undefined, 'the one before');
    assert.equal((await known.find(userId, { deviceId, proofHash: next }))?.loggedInAt, 6);
  });

  test('and never gave a proof is found and not proven, whatever is shown now', async () => {
    const device = await addDevice();
    const claims = [PROOF_HASH, null].map((proofHash) => ({ deviceId: device.id, proofHash }));
    for (const claim of claims) {
      const found = await known.find(userId, claim);
      assert.deepEqual(found, { device, proven: false, loggedInAt: device.createdAt });
    }
    await known.remember(device.id, { proofHash: null, loggedInAt: 9 });
    for (const claim of claims) {
      const found = await known.find(userId, claim);
      assert.deepEqual(found, { device, proven: false, loggedInAt: 9 });
    }
  });

  test('is not found where it is nobody’s, another person’s or revoked', async () => {
    const { id: deviceId } = await addDevice();
    const claim = { deviceId, proofHash: null };
    assert.equal(await known.find('somebody else', claim), undefined);
    assert.equal(await known.find(userId, { deviceId: 'unknown', proofHash: null }), undefined);
    assert.equal(await known.find(userId, { deviceId: undefined, proofHash: null }), undefined);
    assert.ok(await known.find(userId, claim));
    await world.store.devices.revoke(deviceId, 1);
    assert.equal(await known.find(userId, claim), undefined);
  });
});
