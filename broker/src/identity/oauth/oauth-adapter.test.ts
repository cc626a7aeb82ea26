// What the OAuth server's own objects are kept as: by the hash of their names, without their values, and for how long.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { steppedClock, type SteppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { createOAuthAdapter } from './oauth-adapter.ts';
import { UNUSED_CLIENT_TTL_MS } from './oauth-settings.ts';

suite('an object of the OAuth server', () => {
  let folder: string;
  let store: Store;
  let clock: SteppedClock;
  let adapterOf: ReturnType<typeof createOAuthAdapter>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mcpgate-adapter-'));
    clock = steppedClock();
    store = await openStore({ dataDir: folder, log: pino({ level: 'silent' }), clock });
    adapterOf = createOAuthAdapter(store, clock);
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const rowOf = (kind: string, id: string) => store.oauth.find(kind, sha256Hex(id));

  test('is kept by the hash of its name, without its value, and given back to who knows that', async () => {
    const tokens = adapterOf('AccessToken');
    const payload = { jti: 'value', consumed: true, grantId: 'g', accountId: 'ada', uid: 'u', userCode: 'BCDF' };
    await tokens.upsert('value', payload, 60);
    assert.deepEqual(await rowOf('AccessToken', 'value'), {
      ...{ kind: 'AccessToken', idHash: sha256Hex('value'), grantId: 'g', userCode: 'BCDF', uid: 'u' },
      payload: '{"grantId":"g","accountId":"ada","uid":"u","userCode":"BCDF"}',
      ...{ consumedAt: null, expiresAt: clock.now() + 60_000 },
    });
    const { consumed: _consumed, ...given } = payload;
    assert.deepEqual(await tokens.find('value'), given);
    assert.equal(await tokens.find('another'), undefined);
    assert.equal(await adapterOf('RefreshToken').find('value'), undefined, 'of another kind');
    await tokens.upsert('bare', {}, 60);
    const bare = await rowOf('AccessToken', 'bare');
    assert.deepEqual([bare?.grantId, bare?.userCode, bare?.uid], [null, null, null]);
    await tokens.destroy('value');
    assert.equal(await tokens.find('value'), undefined);
  });

  test('that is a grant is found by itself, and names its device', async () => {
    const grants = adapterOf('Grant');
    await grants.upsert('device.x', { grantId: 'other', uid: 'other' }, 60);
    await grants.upsert('oauth-1', {}, 60);
    const rows = [await rowOf('Grant', 'device.x'), await rowOf('Grant', 'oauth-1')];
    assert.deepEqual(
      rows.map((row) => [row?.grantId, row?.uid]),
      [
        ['device.x', 'device'],
        ['oauth-1', null],
      ],
    );
    await adapterOf('AccessToken').upsert('of it', { grantId: 'device.x' }, 60);
    await adapterOf('AccessToken').upsert('of another', { grantId: 'oauth-1' }, 60);
    await grants.revokeByGrantId('device.x');
    assert.deepEqual(
      [await rowOf('Grant', 'device.x'), await rowOf('AccessToken', 'of it')],
      [undefined, undefined],
      'and ends with all that hangs on it',
    );
    assert.ok((await rowOf('AccessToken', 'of another')) !== undefined);
  });

  test('without an end has one only where it is a client, and that is forgotten then', async () => {
    await adapterOf('Grant').upsert('endless', {});
    assert.equal((await rowOf('Grant', 'endless'))?.expiresAt, null);
    const clients = adapterOf('Client');
    await clients.upsert('c', { client_id: 'c' });
    assert.equal((await rowOf('Client', 'c'))?.expiresAt, clock.now() + UNUSED_CLIENT_TTL_MS);
    await clients.upsert('short', { client_id: 'short' }, 1);
    const row = await rowOf('Client', 'c');
    assert.ok(row !== undefined);
    await store.oauth.upsert({ ...row, idHash: sha256Hex('kept'), expiresAt: null });
    await adapterOf('AccessToken').upsert('over', {}, 1);
    clock.advance(999);
    assert.ok((await clients.find('short')) !== undefined);
    clock.advance(1);
    assert.equal(await clients.find('short'), undefined);
    assert.ok((await clients.find('c')) !== undefined);
    clock.advance(UNUSED_CLIENT_TTL_MS);
    assert.equal(await clients.find('c'), undefined);
    assert.ok((await clients.find('kept')) !== undefined);
    assert.ok((await adapterOf('AccessToken').find('over')) !== undefined, 'the provider says itself that it is over');
  });

  test('is used up once, and says when; who comes second is told to ask again', async () => {
    const codes = adapterOf('DeviceCode');
    await codes.upsert('code', {}, 60);
    assert.equal((await codes.find('code'))?.consumed, undefined);
    await codes.consume('code');
    assert.equal((await codes.find('code'))?.consumed, Math.floor(clock.now() / 1000));
    await assert.rejects(async () => codes.consume('code'), {
      error: 'temporarily_unavailable',
      error_description: 'this request is being answered already; try again',
    });
    await codes.upsert('code', {}, 60);
    assert.equal((await codes.find('code'))?.consumed, undefined, 'written anew it is as new');
  });

  test('is found by its name only', async () => {
    const codes = adapterOf('DeviceCode');
    await codes.upsert('by', { uid: 'uid', userCode: 'USER' }, 60);
    assert.deepEqual([await codes.findByUid('uid'), await codes.findByUserCode('USER')], [undefined, undefined]);
  });

  test('that somebody has damaged is no object', async () => {
    const row = { kind: 'Grant', grantId: null, userCode: null, uid: null, consumedAt: null, expiresAt: null };
    for (const payload of ['"text"', 'null', '[]', '7']) {
      await store.oauth.upsert({ ...row, idHash: sha256Hex('bad'), payload });
      await assert.rejects(
        async () => adapterOf('Grant').find('bad'),
        /^TypeError: the stored Grant is not an object$/,
      );
    }
  });

  test('that is a session of the provider’s own is not kept at all', async () => {
    const sessions = adapterOf('Session');
    await sessions.upsert('s', { uid: 'u', userCode: 'c' }, 60);
    assert.deepEqual(
      [await sessions.find('s'), await sessions.findByUid('u'), await sessions.findByUserCode('c')],
      [undefined, undefined, undefined],
    );
    assert.equal(await rowOf('Session', 's'), undefined);
    await sessions.consume('s');
    await sessions.destroy('s');
    await adapterOf('AccessToken').upsert('stays', { grantId: 'g' }, 60);
    await sessions.revokeByGrantId('g');
    assert.ok((await rowOf('AccessToken', 'stays')) !== undefined);
  });
});
