import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './both-engines.ts';
import type { GrantRecord, Store, UserRecord } from './store.ts';

const WORKSPACE = 'default';
const DAY_MS = 86_400_000;

function addUser(store: Store, name: string, groups: readonly string[] = []): Promise<UserRecord> {
  return store.users.create({ workspaceId: WORKSPACE, name, email: null, role: 'member', groups });
}

function addGrant(store: Store, label: string, userId: string | null): Promise<GrantRecord> {
  return store.grants.create({
    workspaceId: WORKSPACE,
    label,
    userId,
    tokenHash: `hash of ${label}`,
    servers: ['github'],
    expiresAt: null,
    createdBy: 'host:root',
  });
}

onBothEngines((open) => {
  it('keeps a person with role, groups, password and state', async (t) => {
    const { store, clock } = await open(t);
    const ada = await addUser(store, 'ada', ['platform', 'admins', 'platform']);
    assert.deepEqual(ada.groups, ['admins', 'platform']);
    assert.equal(ada.createdAt, clock.at);
    await store.users.setPassword(ada.id, '$scrypt$x');
    await store.users.setDisabled(ada.id, clock.at + 5);
    await store.users.setRole(ada.id, 'admin');
    await store.users.setGroups(ada.id, ['oncall']);
    const changed: UserRecord = {
      ...ada,
      passwordHash: '$scrypt$x',
      disabledAt: clock.at + 5,
      role: 'admin',
      groups: ['oncall'],
    };
    assert.deepEqual(await store.users.byId(ada.id), changed);
    assert.deepEqual(await store.users.byName(WORKSPACE, 'ada'), changed);
    await addUser(store, 'abe');
    assert.deepEqual(
      (await store.users.list(WORKSPACE)).map((user) => user.name),
      ['abe', 'ada'],
    );
    assert.equal(await store.users.count(WORKSPACE), 2);
    assert.equal(await store.users.byName('other', 'ada'), undefined);
  });

  it('refuses a second person of the same name, and leaves no group behind', async (t) => {
    const { store } = await open(t);
    const ada = await addUser(store, 'ada');
    await assert.rejects(addUser(store, 'ada', ['ghosts']), {
      code: 'conflict',
      message: 'a user named ada exists already',
    });
    assert.deepEqual(await store.users.list(WORKSPACE), [ada]);
  });

  it('refuses to change or remove a person who is not there', async (t) => {
    const { store } = await open(t);
    for (const attempt of [
      () => store.users.setPassword('nobody', 'x'),
      () => store.users.setGroups('nobody', ['x']),
      () => store.users.remove('nobody'),
      () => store.devices.revoke('nobody', 1),
      () => store.grants.revoke('nobody', 1),
      () => store.servers.remove('nobody'),
      () => store.servers.update('nobody', { enabled: false }),
    ]) {
      await assert.rejects(attempt(), { code: 'not_found' });
    }
  });

  it('removes with a person all that hangs on them, so that no grant becomes a principal of its own', async (t) => {
    const { store, clock } = await open(t);
    const ada = await addUser(store, 'ada', ['platform']);
    const device = { workspaceId: WORKSPACE, userId: ada.id, name: 'laptop', platform: 'linux', address: '10.0.0.1' };
    await store.devices.create(device);
    await addGrant(store, 'hers', ada.id);
    const own = await addGrant(store, 'ci', null);
    await store.webSessions.create({
      tokenHash: 's',
      workspaceId: WORKSPACE,
      userId: ada.id,
      address: '::1',
      userAgent: 'x',
      createdAt: clock.at,
      expiresAt: clock.at + DAY_MS,
    });
    await store.users.remove(ada.id);
    assert.deepEqual(await store.devices.list(WORKSPACE), []);
    assert.deepEqual(await store.grants.list(WORKSPACE), [own]);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at), []);
  });

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

  it('finds a grant by the hash of its token', async (t) => {
    const { store, clock } = await open(t);
    const grant = await addGrant(store, 'ci', null);
    await store.grants.touch(grant.id, clock.at + 1);
    await store.grants.revoke(grant.id, clock.at + 2);
    const known = { ...grant, lastUsedAt: clock.at + 1, revokedAt: clock.at + 2 };
    assert.deepEqual(await store.grants.byTokenHash('hash of ci'), known);
    assert.deepEqual(await store.grants.byId(grant.id), known);
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
    const session = { workspaceId: WORKSPACE, userId: ada.id, address: '::1', userAgent: 'Firefox' };
    const old = { ...session, tokenHash: 'old', createdAt: clock.at, expiresAt: clock.at + 10 };
    const young = { ...session, tokenHash: 'young', createdAt: clock.at + 1, expiresAt: clock.at + DAY_MS };
    await store.webSessions.create(old);
    await store.webSessions.create(young);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at + 1), [young, old]);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at + 10), [young]);
    assert.equal(await store.webSessions.byTokenHash('old', clock.at + 10), undefined);
    assert.deepEqual(await store.webSessions.byTokenHash('young', clock.at), young);
    assert.equal(await store.webSessions.removeByUser(ada.id), 2);
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
    assert.deepEqual({ ...key, sealed: new Uint8Array(key.sealed) }, { kid: 'k1', sealed, createdAt: clock.at });
  });

  it('keeps servers of both transports and what is changed of them', async (t) => {
    const { store, clock } = await open(t);
    const base = { workspaceId: WORKSPACE, enabled: true, isolation: 'shared' } as const;
    const memory = await store.servers.create({
      ...base,
      name: 'memory',
      transport: { kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: { TOKEN: '${secret:t}' }, cwd: '/srv' },
    });
    const transport = {
      kind: 'http',
      url: 'https://mcp.example/',
      headers: { authorization: 'Bearer ${secret:t}' },
    } as const;
    const remote = await store.servers.create({ ...base, name: 'remote', transport });
    assert.deepEqual(await store.servers.list(WORKSPACE), [memory, remote]);
    assert.match(memory.id, /^[0-9a-f]{8}-/);
    clock.at += 5;
    const changed = { ...memory, enabled: false, isolation: 'per-user', transport, updatedAt: clock.at } as const;
    const change = { enabled: false, isolation: 'per-user', transport } as const;
    assert.deepEqual(await store.servers.update(memory.id, change), changed);
    assert.deepEqual(await store.servers.byName(WORKSPACE, 'memory'), changed);
    await assert.rejects(store.servers.create({ ...base, name: 'memory', transport }), { code: 'conflict' });
    await store.servers.remove(memory.id);
    assert.deepEqual(await store.servers.list(WORKSPACE), [remote]);
  });

  it('says which row is malformed where someone changed it by hand', async (t) => {
    const { store, tamper } = await open(t);
    const transport = { kind: 'http', url: 'https://mcp.example/', headers: {} } as const;
    await store.servers.create({
      workspaceId: WORKSPACE,
      name: 'remote',
      enabled: true,
      isolation: 'shared',
      transport,
    });
    for (const text of ['{"kind":"carrier pigeon"}', 'no JSON']) {
      await tamper(`update servers set transport_json = '${text}'`);
      await assert.rejects(store.servers.list(WORKSPACE), { code: 'internal', message: /transport of server remote/ });
    }
  });

  it('numbers the versions of a secret without a gap, also under concurrent sets, and never twice', async (t) => {
    const { store, clock } = await open(t);
    const sealedFor: number[] = [];
    const set = (): Promise<number> =>
      store.secrets.append(WORKSPACE, 'github', 'cli', (version) => {
        sealedFor.push(version);
        return Uint8Array.of(version);
      });
    const versions = await Promise.all(Array.from({ length: 6 }, set));
    assert.deepEqual(new Set(versions), new Set([1, 2, 3, 4, 5, 6]));
    assert.deepEqual(new Set(sealedFor), new Set([1, 2, 3, 4, 5, 6]));
    const current = await store.secrets.current(WORKSPACE, 'github');
    assert.deepEqual([current?.version, current?.sealed[0]], [6, 6]);
    await store.secrets.touch(WORKSPACE, 'github', clock.at + 1);
    assert.deepEqual(await store.secrets.list(WORKSPACE), [
      { name: 'github', version: 6, source: 'cli', createdAt: clock.at, lastUsedAt: clock.at + 1 },
    ]);
    assert.equal(await store.secrets.remove(WORKSPACE, 'github'), true);
    assert.equal(await store.secrets.remove(WORKSPACE, 'github'), false);
    assert.equal(await store.secrets.current(WORKSPACE, 'github'), undefined);
    assert.deepEqual(await store.secrets.list(WORKSPACE), []);
    assert.equal(await set(), 7);
  });

  it('keeps no version of a secret that could not be sealed', async (t) => {
    const { store } = await open(t);
    const failing = store.secrets.append(WORKSPACE, 'github', 'cli', () => {
      throw new Error('no key');
    });
    await assert.rejects(failing, { message: 'no key' });
    assert.deepEqual(await store.secrets.list(WORKSPACE), []);
    assert.equal(await store.secrets.append(WORKSPACE, 'github', 'cli', () => Uint8Array.of(1)), 1);
  });

  it('starts by enforcing without a rule, and raises the version with every change', async (t) => {
    const { store } = await open(t);
    const fresh = await store.policy.snapshot(WORKSPACE);
    assert.deepEqual(fresh, { version: 1, enforcement: 'enforce', rules: [] });
    const deny = {
      effect: 'deny',
      who: ['group:interns'],
      what: ['github__*'],
      note: 'later',
      createdBy: 'ada',
    } as const;
    const first = await store.policy.addRule(WORKSPACE, deny);
    assert.match(first.id, /^r_[a-z2-7]{6}$/);
    const second = await store.policy.addRule(WORKSPACE, {
      effect: 'allow',
      who: ['*'],
      what: ['*'],
      createdBy: 'ada',
    });
    assert.ok(!('note' in second));
    assert.deepEqual(await store.policy.snapshot(WORKSPACE), {
      version: 3,
      enforcement: 'enforce',
      rules: [first, second],
    });
    await store.policy.setEnforcement(WORKSPACE, 'observe');
    assert.equal(await store.policy.removeRule(WORKSPACE, first.id), true);
    assert.equal(await store.policy.removeRule(WORKSPACE, first.id), false);
    assert.deepEqual(await store.policy.snapshot(WORKSPACE), { version: 5, enforcement: 'observe', rules: [second] });
  });

  it('counts concurrent changes of the policy one by one', async (t) => {
    const { store } = await open(t);
    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'ada' } as const;
    await Promise.all(Array.from({ length: 10 }, () => store.policy.addRule(WORKSPACE, rule)));
    const { version, rules } = await store.policy.snapshot(WORKSPACE);
    assert.deepEqual([version, new Set(rules.map(({ id }) => id)).size], [11, 10]);
  });

  it('keeps the first value of a setting', async (t) => {
    const { store } = await open(t);
    assert.equal(await store.settings.putIfAbsent('a', 'one'), 'one');
    assert.equal(await store.settings.putIfAbsent('a', 'two'), 'one');
  });

  it('finds everything again after a restart, and two stores see each other', async (t) => {
    const { store, reopen } = await open(t);
    const ada = await addUser(store, 'ada');
    const other = await reopen();
    assert.deepEqual(await other.users.list(WORKSPACE), [ada]);
    await other.users.setRole(ada.id, 'auditor');
    assert.equal((await store.users.byId(ada.id))?.role, 'auditor');
  });

  it('refuses a database that a newer version has changed, and names that change', async (t) => {
    const { store, reopen, tamper } = await open(t);
    await store.close();
    await tamper(`insert into kysely_migration (name, timestamp) values ('0099-later', 'x')`);
    await assert.rejects(reopen(), { code: 'config', message: /newer mcpgate-broker.*0099-later/ });
  });

  it('answers a ping, and is unavailable once closed', async (t) => {
    const { store } = await open(t);
    await store.ping();
    await store.close();
    await assert.rejects(store.ping(), { code: 'unavailable' });
    await assert.rejects(store.users.list(WORKSPACE), { code: 'unavailable' });
  });
});
