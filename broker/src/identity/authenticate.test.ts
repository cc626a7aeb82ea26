// The door for bearer tokens, on a real store: who is let in, as whom and for how long, and what those are told who are not.
import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { steppedClock, type SteppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { DeviceRecord, UserRecord } from '../domain/people/people.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createAuthenticate, TOUCH_EVERY_MS } from './authenticate.ts';
import type { Authentication } from './authentication.ts';
import type { Identity } from './identity.ts';
import type { ClientLogin } from './oauth/client-logins.ts';
import type { AccessTokenFacts } from './oauth/oauth-server.ts';
import { createToken, sha256Hex } from '../store/secret-token.ts';

const ISSUER = 'https://gate.example';
const LATER = 600_000;

suite('whoever comes with', () => {
  let folder: string;
  let store: Store;
  let clock: SteppedClock;
  let authenticate: Identity['authenticate'];
  let ada: UserRecord;
  let count = 0;
  const tokens = new Map<string, AccessTokenFacts>();
  const logins = new Map<string, ClientLogin>();
  const seen: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mcpgate-authenticate-'));
    clock = steppedClock();
    store = await openStore({ dataDir: folder, log: pino({ level: 'silent' }), clock });
    authenticate = createAuthenticate({
      ...{ store, clock, issuer: ISSUER },
      oauth: { findAccessToken: (value) => Promise.resolve(tokens.get(value)) },
      clientLogins: {
        find: (grantId) => Promise.resolve(logins.get(grantId)),
        seen: ({ grantId }) => Promise.resolve(void seen.push(grantId)),
      },
    });
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    ada = await addUser();
    for (const each of [tokens, logins]) each.clear();
    seen.length = 0;
  });

  const addUser = () =>
    store.users.create({ workspaceId: 'default', name: `p${++count}`, email: null, role: 'operator', groups: ['dev'] });
  const asUser = ({ id, name }: UserRecord) => ({ id, name, role: 'operator', groups: ['dev'] });
  const reasonOf = (answer: Authentication) => (answer.kind === 'ok' ? 'ok' : answer.reason);
  const messageOf = (answer: Authentication) => (answer.kind === 'ok' ? 'ok' : answer.message);

  test('nothing, or what has no token’s shape, is told so', async () => {
    for (const [bearer, reason, message] of [
      [
        undefined,
        'missing',
        /^no bearer token was sent; log in with `mcpgate login`, or set MCPGATE_TOKEN to a grant$/,
      ],
      ['', 'missing', /no bearer token/],
      ['nonsense', 'unknown', /^this token is not known here; log in again with `mcpgate login`$/],
      ['x'.repeat(513), 'unknown', /not known/],
      ['mcg_short', 'mistyped', /^this token is incomplete or mistyped: copy it again as it was shown$/],
      [createToken('mca_'), 'wrong_audience', /^this token is meant for another address of this broker$/],
      [createToken('mcg_'), 'unknown', /^this grant is not known here; ask your platform team for a new one$/],
    ] as const) {
      const answer = await authenticate(bearer, 'mcp');
      assert.deepEqual([answer.kind, reasonOf(answer)], ['rejected', reason], bearer);
      assert.match(messageOf(answer), message);
    }
  });

  suite('a grant', () => {
    const issue = async (more: Partial<Parameters<Store['grants']['create']>[0]> = {}) => {
      const token = createToken('mcg_');
      const grant = await store.grants.create({
        ...{ workspaceId: 'default', label: `g${++count}`, userId: null, tokenHash: sha256Hex(token) },
        ...{ servers: ['github'], allowFrom: [], expiresAt: null, createdBy: 'host:root' },
        ...more,
      });
      return { token, grant };
    };
    const usedAt = async (id: string) => (await store.grants.byIds([id]))[0]?.lastUsedAt;

    test('is somebody of its own, or acts for its person', async () => {
      const { token, grant } = await issue();
      const credential = { kind: 'grant', id: grant.id, label: grant.label };
      const principal = { workspaceId: 'default', credential, servers: ['github'] };
      for (const audience of ['mcp', 'tunnel'] as const)
        assert.deepEqual(await authenticate(token, audience), { kind: 'ok', principal });
      const own = await issue({ userId: ada.id, expiresAt: clock.now() + 1 });
      assert.deepEqual(await authenticate(own.token, 'mcp'), {
        kind: 'ok',
        principal: {
          ...principal,
          credential: { kind: 'grant', id: own.grant.id, label: own.grant.label },
          user: asUser(ada),
          expiresAt: clock.now() + 1,
        },
      });
    });

    test('is refused once it is revoked or over, for the API, from elsewhere, and where its person is disabled', async () => {
      const over = await issue({ expiresAt: clock.now() });
      assert.equal(
        messageOf(await authenticate(over.token, 'mcp')),
        'this grant has expired; ask your platform team for a new one',
      );
      assert.equal(reasonOf(await authenticate(over.token, 'mcp')), 'expired');
      const { token, grant } = await issue({ userId: ada.id, allowFrom: ['192.0.2.0/24'] });
      assert.equal(reasonOf(await authenticate(token, 'mcp', '192.0.2.1')), 'ok');
      assert.equal(reasonOf(await authenticate(token, 'api', '192.0.2.1')), 'wrong_audience');
      for (const address of ['198.51.100.1', undefined]) {
        const answer = await authenticate(token, 'mcp', address);
        assert.equal(reasonOf(answer), 'wrong_address');
        assert.equal(messageOf(answer), 'this grant may not be used from this address; ask your platform team');
      }
      await store.users.setDisabled(ada.id, 1);
      assert.equal(reasonOf(await authenticate(token, 'mcp', '192.0.2.1')), 'revoked');
      await store.users.setDisabled(ada.id, null);
      await store.grants.revoke(grant.id, 1);
      const revoked = await authenticate(token, 'mcp', '192.0.2.1');
      assert.deepEqual(
        [reasonOf(revoked), messageOf(revoked)],
        ['revoked', 'access was revoked; ask your platform team'],
      );
    });

    test('is noted as used, once a minute, and only where it is let in', async () => {
      const { token, grant } = await issue();
      await authenticate(token, 'api');
      assert.equal(await usedAt(grant.id), null);
      await authenticate(token, 'mcp');
      const first = clock.now();
      assert.equal(await usedAt(grant.id), first);
      clock.advance(TOUCH_EVERY_MS - 1);
      await authenticate(token, 'mcp');
      assert.equal(await usedAt(grant.id), first);
      clock.advance(1);
      await authenticate(token, 'mcp');
      assert.equal(await usedAt(grant.id), first + TOUCH_EVERY_MS);
    });
  });

  /** A token of `grantId` for Ada, whose grant is kept unless it has ended. */
  const give = async (grantId: string, more: Partial<AccessTokenFacts> = {}) => {
    const token = `token-${++count}`;
    tokens.set(token, { userId: ada.id, grantId, audience: `${ISSUER}/mcp`, expiresAt: clock.now() + LATER, ...more });
    await store.oauth.upsert({
      ...{ kind: 'Grant', idHash: sha256Hex(grantId), payload: '{}', grantId, userCode: null, uid: null },
      ...{ consumedAt: null, expiresAt: null },
    });
    return token;
  };
  const addDevice = ({ id: userId }: UserRecord): Promise<DeviceRecord> =>
    store.devices.create({ workspaceId: 'default', userId, name: 'laptop', platform: 'linux', address: '' });

  suite('a device’s token', () => {
    test('is the person at that device, until the token ends', async () => {
      const device = await addDevice(ada);
      const token = await give(`${device.id}.x`, { audience: `${ISSUER}/v1/tunnel` });
      assert.deepEqual(await authenticate(token, 'tunnel'), {
        kind: 'ok',
        principal: {
          workspaceId: 'default',
          user: asUser(ada),
          credential: { kind: 'device', id: device.id, label: 'laptop' },
          device: { id: device.id, name: 'laptop' },
          expiresAt: clock.now() + LATER,
        },
      });
      clock.advance(LATER);
      const over = await authenticate(token, 'tunnel');
      assert.equal(messageOf(over), 'this token has expired; refresh it, or log in again with `mcpgate login`');
      assert.equal(reasonOf(over), 'expired');
    });

    test('is refused at another door, once its grant has ended, and where its person or device is not there any more', async () => {
      const device = await addDevice(ada);
      const grantId = `${device.id}.x`;
      const token = await give(grantId);
      for (const audience of ['tunnel', 'api'] as const)
        assert.equal(reasonOf(await authenticate(token, audience)), 'wrong_audience');
      const elsewhere = await give(grantId, { audience: 'https://other.example/mcp' });
      assert.equal(reasonOf(await authenticate(elsewhere, 'mcp')), 'wrong_audience');
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'ok');

      await store.oauth.destroy('Grant', sha256Hex(grantId));
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
      const bob = await addUser();
      for (const [why, other] of Object.entries({
        'of nobody': await give(grantId, { userId: 'nobody' }),
        'of another person': await give(grantId, { userId: bob.id }),
        'of no device': await give('unknown.x'),
        'of something without a device': await give('anything'),
      }))
        assert.equal(reasonOf(await authenticate(other, 'mcp')), 'revoked', why);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'ok');
      await store.users.setDisabled(ada.id, 1);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
      await store.users.setDisabled(ada.id, null);
      await store.devices.revoke(device.id, 1);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
    });

    test('notes when the device was seen, once a minute', async () => {
      const device = await addDevice(ada);
      const token = await give(`${device.id}.x`);
      const seenAt = async () => (await store.devices.byId(device.id))?.lastSeenAt;
      const first = clock.now();
      clock.advance(TOUCH_EVERY_MS - 1);
      await authenticate(token, 'mcp');
      assert.equal(await seenAt(), first);
      clock.advance(1);
      await authenticate(token, 'mcp');
      assert.equal(await seenAt(), first + TOUCH_EVERY_MS);
    });

    test('for one server behind the door is for that server, by its name or its id, and for none where it is gone', async () => {
      const server = await store.servers.create({
        ...{ workspaceId: 'default', name: 'github', enabled: true, trustAnnotations: false },
        ...{ isolation: 'shared', transport: { kind: 'http', url: 'https://a.example', headers: {} } },
      });
      await store.servers.create({ ...server, name: 'other' });
      const device = await addDevice(ada);
      for (const [name, servers] of [
        ['github', ['github']],
        [server.id, ['github']],
        ['gone', []],
      ] as const) {
        const answer = await authenticate(await give(`${device.id}.x`, { audience: `${ISSUER}/mcp/${name}` }), 'mcp');
        assert.deepEqual(answer.kind === 'ok' && answer.principal.servers, servers);
      }
      const refused = await give('unknown.x', { audience: `${ISSUER}/mcp/github` });
      assert.equal(reasonOf(await authenticate(refused, 'mcp')), 'revoked');
    });
  });

  suite('the token of an HTTP client', () => {
    const GRANT = 'oauth-0123';
    const logIn = (userId: string) => {
      const login = { grantId: GRANT, userId, clientId: 'c', name: 'Cursor', resource: '', address: '' };
      logins.set(GRANT, { ...login, createdAt: 0, lastSeenAt: 0, expiresAt: 0 });
    };

    test('is the person through that client, which is noted as seen', async () => {
      logIn(ada.id);
      assert.deepEqual(await authenticate(await give(GRANT), 'mcp'), {
        kind: 'ok',
        principal: {
          workspaceId: 'default',
          user: asUser(ada),
          credential: { kind: 'oauth', id: GRANT, label: 'Cursor' },
          expiresAt: clock.now() + LATER,
        },
      });
      assert.deepEqual(seen, [GRANT]);
    });

    test('is refused where its login has ended or is another’s, and where its person is disabled or gone', async () => {
      const token = await give(GRANT);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
      logIn((await addUser()).id);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
      logIn(ada.id);
      await store.users.setDisabled(ada.id, 1);
      assert.equal(reasonOf(await authenticate(token, 'mcp')), 'revoked');
      logIn('nobody');
      assert.equal(reasonOf(await authenticate(await give(GRANT, { userId: 'nobody' }), 'mcp')), 'revoked');
      assert.deepEqual(seen, []);
    });
  });
});
