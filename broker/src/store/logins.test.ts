import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import { addGrant, addUser, WORKSPACE } from './fixtures/people-rows.ts';
import { SIGNED_IN } from './fixtures/signed-in.ts';

const DAY_MS = 86_400_000;

onBothEngines((open) => {
  it('keeps devices, what they say of themselves, and the first moment of a revocation', async (t) => {
    const { store, clock } = await open(t);
    const ada = await addUser(store, 'ada');
    const asked = { workspaceId: WORKSPACE, userId: ada.id, name: 'laptop', platform: 'linux', address: '10.0.0.1' };
    const device = await store.devices.create(asked);
    await store.devices.touch(device.id, clock.at + 1);
    await store.devices.revoke(device.id, clock.at + 2);
    await store.devices.revoke(device.id, clock.at + 3);
    const revoked = { ...device, lastSeenAt: clock.at + 1, revokedAt: clock.at + 2 };
    assert.deepEqual(await store.devices.byId(device.id), revoked);
    assert.deepEqual(await store.devices.listByUser(ada.id), [revoked]);
    clock.at += 60;
    const change = { name: 'desk', platform: 'darwin', address: '10.0.0.2' };
    assert.deepEqual(await store.devices.update(device.id, change), { ...revoked, ...change, lastSeenAt: clock.at });
  });

  it('finds an administration token by its hash, and keeps the first moment of its end', async (t) => {
    const { store, clock } = await open(t);
    const asked = { workspaceId: WORKSPACE, label: 'terraform', role: 'operator', createdBy: 'host:root' } as const;
    const token = await store.adminTokens.create({ ...asked, tokenHash: 'h', expiresAt: clock.at + DAY_MS });
    await store.adminTokens.touch(token.id, clock.at + 1);
    await store.adminTokens.revoke(token.id, clock.at + 2);
    await store.adminTokens.revoke(token.id, clock.at + 3);
    const kept = { ...token, lastUsedAt: clock.at + 1, revokedAt: clock.at + 2 };
    assert.deepEqual(await store.adminTokens.byTokenHash('h'), kept);
    assert.deepEqual(await store.adminTokens.list(WORKSPACE), [kept]);
    assert.equal(await store.adminTokens.byTokenHash('other'), undefined);
    await assert.rejects(store.adminTokens.revoke('nothing', 1), { code: 'not_found' });
  });

  it('finds a grant by the hash of its token', async (t) => {
    const { store, clock } = await open(t);
    const grant = await addGrant(store, 'ci', null);
    await store.grants.touch(grant.id, clock.at + 1);
    await store.grants.revoke(grant.id, clock.at + 2);
    const known = { ...grant, lastUsedAt: clock.at + 1, revokedAt: clock.at + 2 };
    assert.deepEqual(await store.grants.byTokenHash('hash of ci'), known);
    assert.deepEqual(await store.grants.byIds([grant.id]), [known]);
    assert.equal(await store.grants.byTokenHash('another'), undefined);
  });

  it('gives a one-time link to one of many who take it at once, and to nobody after its time', async (t) => {
    const { store, clock } = await open(t);
    const link = { workspaceId: WORKSPACE, kind: 'setup', userId: null, expiresAt: clock.at + 10 } as const;
    await store.links.create({ ...link, tokenHash: 'a' });
    await store.links.create({ ...link, tokenHash: 'b' });
    assert.deepEqual(await store.links.peek('a', clock.at), { ...link, tokenHash: 'a' });
    assert.equal(await store.links.peek('a', clock.at + 10), undefined);
    assert.equal(await store.links.consume('a', clock.at + 10), undefined);
    const takers = await Promise.all(Array.from({ length: 8 }, () => store.links.consume('a', clock.at)));
    assert.equal(takers.filter((taken) => taken !== undefined).length, 1);
    await store.links.expire(WORKSPACE, 'setup', null);
    assert.equal(await store.links.peek('b', clock.at), undefined);
  });

  it('lists the browser sessions that live, newest first', async (t) => {
    const { store, clock } = await open(t);
    const ada = await addUser(store, 'ada');
    const session = { workspaceId: WORKSPACE, userId: ada.id, address: '::1', userAgent: 'Firefox', ...SIGNED_IN };
    const old = { ...session, tokenHash: 'old', createdAt: clock.at, expiresAt: clock.at + 10 };
    const young = { ...session, tokenHash: 'young', createdAt: clock.at + 1, expiresAt: clock.at + DAY_MS };
    await store.webSessions.create(old);
    await store.webSessions.create(young);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at + 1), [young, old]);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at + 10), [young]);
    assert.equal(await store.webSessions.byTokenHash('old', clock.at + 10), undefined);
    assert.deepEqual(await store.webSessions.byTokenHash('young', clock.at), young);
    assert.equal((await store.webSessions.removeByUser(ada.id)).length, 2);
  });

  it('lists OAuth objects, writes over one only where it is, and keeps so many unused ones of a kind', async (t) => {
    const { store, clock } = await open(t);
    const client = (idHash: string, uid: string | null, expiresAt: number) => ({
      ...{ kind: 'Client', idHash, payload: '{}', grantId: null, userCode: null, uid, consumedAt: null, expiresAt },
    });
    const names = async (uid?: string) =>
      (await store.oauth.list('Client', uid)).map(({ idHash }) => idHash).toSorted((a, b) => a.localeCompare(b));
    for (const [index, idHash] of ['c1', 'c2', 'c3', 'c4'].entries())
      await store.oauth.upsert(client(idHash, null, clock.at + index));
    await store.oauth.upsert(client('used', 'u', clock.at));
    await store.oauth.upsert({ ...client('other', null, clock.at), kind: 'Other' });
    assert.deepEqual(await names('u'), ['used']);
    assert.equal(await store.oauth.makeRoom('Client', 5, clock.at + 100), true);
    assert.equal((await names()).length, 5);
    assert.equal(await store.oauth.makeRoom('Client', 3, clock.at + 2), true);
    assert.deepEqual(await names(), ['c3', 'c4', 'used']);
    assert.equal(await store.oauth.makeRoom('Client', 2, clock.at + 2), false, 'what is new stays');
    assert.deepEqual(await names(), ['c3', 'c4', 'used']);
    assert.equal(await store.oauth.update(client('c1', null, clock.at)), false);
    assert.equal(await store.oauth.update({ ...client('c4', 'u', clock.at), payload: '{"a":1}' }), true);
    assert.deepEqual(await names('u'), ['c4', 'used']);
    assert.equal((await store.oauth.find('Client', 'c4'))?.payload, '{"a":1}');
    assert.ok(await store.oauth.find('Other', 'other'));
  });

  it('adds an OAuth object once, however many brokers add it at the same moment', async (t) => {
    const { store, clock, reopen } = await open(t);
    const object = { kind: 'IdJag', idHash: 'jti', payload: '{}', grantId: null, userCode: null, uid: null };
    const stores = [store, await reopen()];
    const added = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        stores[index % 2]?.oauth.addOnce({ ...object, consumedAt: null, expiresAt: clock.at + index }),
      ),
    );
    assert.deepEqual(added.filter((isFirst) => isFirst === true).length, 1);
    assert.equal(await store.oauth.addOnce({ ...object, idHash: 'other', consumedAt: null, expiresAt: null }), true);
  });

  it('keeps the OAuth objects, lets one consume, and forgets a grant as a whole', async (t) => {
    const { store, clock } = await open(t);
    const token = {
      kind: 'RefreshToken',
      idHash: 'r1',
      payload: '{"a":1}',
      grantId: 'g1',
      userCode: null,
      uid: null,
      consumedAt: null,
      expiresAt: clock.at + 10,
    };
    await store.oauth.upsert(token);
    await store.oauth.upsert({ ...token, payload: '{"a":2}' });
    await store.oauth.upsert({ ...token, kind: 'AccessToken', idHash: 'a1' });
    await store.oauth.upsert({
      ...token,
      kind: 'DeviceCode',
      idHash: 'd1',
      userCode: 'BCDF',
      uid: 'u1',
      grantId: null,
    });
    assert.deepEqual(await store.oauth.find('RefreshToken', 'r1'), { ...token, payload: '{"a":2}' });
    assert.equal((await store.oauth.findByUserCode('DeviceCode', 'BCDF'))?.idHash, 'd1');
    assert.equal((await store.oauth.findByUid('DeviceCode', 'u1'))?.idHash, 'd1');
    assert.equal(await store.oauth.find('AccessToken', 'r1'), undefined);
    assert.equal(await store.oauth.countTokens('g1', clock.at), 2);
    const consumed = await Promise.all(
      Array.from({ length: 6 }, (_, index) => store.oauth.consume('RefreshToken', 'r1', clock.at + index)),
    );
    assert.equal(consumed.filter(Boolean).length, 1);
    assert.equal(await store.oauth.countTokens('g1', clock.at), 1);
    assert.equal(await store.oauth.countTokens('g1', clock.at + 10), 0);
    assert.equal(await store.oauth.destroyByGrant('g1'), 2);
    assert.equal(await store.oauth.removeExpired(clock.at + 10), 1);
    assert.equal(await store.oauth.find('DeviceCode', 'd1'), undefined);
  });

  it('keeps sealed signing keys byte by byte', async (t) => {
    const { store, clock } = await open(t);
    const sealed = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.keys.add({ kid: 'k1', sealed });
    const [key] = await store.keys.list();
    assert.ok(key);
    const same = { kid: 'k1', sealed, createdAt: clock.at, signsFrom: clock.at };
    assert.deepEqual({ ...key, sealed: new Uint8Array(key.sealed) }, same);
  });
});
