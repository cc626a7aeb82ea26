import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { InTime, Part } from '../domain/bounds/part.ts';
import type { UserRecord } from '../domain/people/people.ts';
import { addGrant, addUser, WORKSPACE } from './fixtures/people-rows.ts';
import { SIGNED_IN } from './fixtures/signed-in.ts';

const DAY_MS = 86_400_000;

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

  it('keeps groups, empty ones too, and takes memberships with a group', async (t) => {
    const { store } = await open(t);
    const [ada, abe] = [await addUser(store, 'ada', ['eng']), await addUser(store, 'abe')];
    await store.groups.add(WORKSPACE, 'eng', [ada.id, abe.id]);
    await store.groups.add(WORKSPACE, 'empty', []);
    assert.deepEqual(await store.groups.list(WORKSPACE), [
      { name: 'empty', members: [], onCall: [] },
      { name: 'eng', members: ['abe', 'ada'], onCall: [] },
    ]);
    await store.groups.take(WORKSPACE, 'eng', [abe.id]);
    assert.deepEqual(await store.groups.byName(WORKSPACE, 'eng'), { name: 'eng', members: ['ada'], onCall: [] });
    assert.equal(await store.groups.byName('other', 'eng'), undefined);
    await store.groups.remove(WORKSPACE, 'eng');
    assert.deepEqual((await store.users.byId(ada.id))?.groups, []);
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

  it('leaves a workspace an administrator where that is demanded, be it that two end each other at the same moment', async (t) => {
    const { store } = await open(t);
    const [ada, abe] = [await addUser(store, 'ada'), await addUser(store, 'abe')];
    const administrators = async () =>
      (await store.users.list(WORKSPACE)).filter(({ role, disabledAt }) => role === 'admin' && disabledAt === null);
    const ends = [
      (id: string) => store.users.setRole(id, 'member', 'leave_an_administrator'),
      (id: string) => store.users.setDisabled(id, 1, 'leave_an_administrator'),
    ];
    for (const [one, other] of [ends, ends.toReversed(), [ends[0], ends[0]]]) {
      for (const { id } of [ada, abe]) {
        await store.users.setRole(id, 'admin');
        await store.users.setDisabled(id, null);
      }
      const outcomes = await Promise.allSettled([one?.(ada.id), other?.(abe.id)]);
      assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
      const [last, ...others] = await administrators();
      assert.deepEqual(others, []);
      await assert.rejects(store.users.setDisabled(last?.id ?? '', 1, 'leave_an_administrator'), {
        code: 'conflict',
        message: `${last?.name} is the only administrator of this workspace: make somebody else an administrator first`,
      });
    }
    // Whoever administers nothing is not held back by it, and nobody is where it is not demanded.
    const [last] = await administrators();
    const nobody = last?.id === ada.id ? abe : ada;
    await store.users.setRole(nobody.id, 'auditor', 'leave_an_administrator');
    await store.users.setRole(last?.id ?? '', 'member');
    assert.deepEqual(await administrators(), []);
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
      ...SIGNED_IN,
    });
    await store.users.remove(ada.id);
    assert.deepEqual(await store.devices.list(WORKSPACE), []);
    assert.deepEqual(await store.grants.list(WORKSPACE), [own]);
    assert.deepEqual(await store.webSessions.list(WORKSPACE, clock.at), []);
  });

  it('knows a person by an identity of elsewhere, and by an address however it is written', async (t) => {
    const { store } = await open(t);
    const [ada, bob] = [await addUser(store, 'ada'), await addUser(store, 'bob')];
    const identity = { workspaceId: WORKSPACE, issuer: 'https://idp.example', subject: 'a-1', userId: ada.id };
    await store.externalIdentities.link(identity);
    const known = { workspaceId: WORKSPACE, userId: ada.id };
    assert.deepEqual(await store.externalIdentities.holders(identity.issuer, 'a-1'), [known]);
    assert.deepEqual(await store.externalIdentities.holders('https://other.example', 'a-1'), []);
    assert.deepEqual(await store.externalIdentities.issuersOf(ada.id), [identity.issuer]);
    for (const second of [{ userId: bob.id }, { subject: 'a-2' }]) {
      await assert.rejects(store.externalIdentities.link({ ...identity, ...second }), { code: 'conflict' });
    }
    await store.users.setEmail(bob.id, 'Bob@Example.com');
    assert.deepEqual(
      (await store.users.byEmail(WORKSPACE, 'bob@example.COM')).map(({ id }) => id),
      [bob.id],
    );
    assert.deepEqual(await store.users.byEmail(WORKSPACE, 'ada@example.com'), []);
    await store.users.remove(ada.id);
    assert.deepEqual(await store.externalIdentities.holders(identity.issuer, 'a-1'), []);
  });

  it('says in which workspaces an address and an identity are known', async (t) => {
    const { store } = await open(t);
    await store.workspaces.add('team-b');
    const there = { workspaceId: 'team-b', name: 'ada', email: 'Ada@Example.com', role: 'member', groups: [] } as const;
    const [here, ada] = [await addUser(store, 'ada'), await store.users.create(there)];
    assert.deepEqual(await store.users.workspacesOf('ada@EXAMPLE.com'), ['team-b']);
    assert.deepEqual(await store.users.workspacesOf('nobody@example.com'), []);
    for (const user of [here, ada]) {
      const { workspaceId, id: userId } = user;
      await store.externalIdentities.link({ workspaceId, issuer: 'https://idp.example', subject: 'a-1', userId });
    }
    assert.deepEqual(await store.externalIdentities.holders('https://idp.example', 'a-1'), [
      { workspaceId: WORKSPACE, userId: here.id },
      { workspaceId: 'team-b', userId: ada.id },
    ]);
  });

  it('reads lists in parts, each behind the last one, also where that one is gone and several were made in one moment', async (t) => {
    const { store, clock } = await open(t);
    const people: UserRecord[] = [];
    for (const name of ['eve', 'ada', 'bea', 'dan', 'cleo']) {
      people.push(await addUser(store, name, [`of-${name}`, 'all']));
      await addGrant(store, name, null);
      await store.secrets.append(WORKSPACE, name, 'set', () => Buffer.from(name));
      if (name === 'bea') clock.at += 10;
    }
    const parts = async <Item, Place>(
      read: (part: Part<Place>) => Promise<Item[]>,
      placeOf: (item: Item) => Place,
    ): Promise<Item[]> => {
      const all: Item[] = [];
      for (let after: Place | undefined; ;) {
        const part = await read({ after, limit: 2 });
        all.push(...part);
        if (part.length < 2) return all;
        after = part.map(placeOf).at(-1);
      }
    };
    const users = await parts(
      async (part: Part<string>) => await store.users.list(WORKSPACE, part),
      ({ name }) => name,
    );
    assert.deepEqual(users, await store.users.list(WORKSPACE));
    assert.deepEqual(users[0]?.groups, ['all', 'of-ada']);
    const groups = await parts(
      async (part: Part<string>) => await store.groups.list(WORKSPACE, part),
      ({ name }) => name,
    );
    assert.deepEqual(groups, await store.groups.list(WORKSPACE));
    assert.deepEqual(groups[0]?.members.length, 5);
    const grants = await parts(
      async (part: Part<InTime>) => await store.grants.list(WORKSPACE, part),
      ({ createdAt: at, id }) => ({ at, id }),
    );
    assert.deepEqual(grants, await store.grants.list(WORKSPACE));
    const secrets = await parts(
      async (part: Part<string>) => await store.secrets.list(WORKSPACE, part),
      ({ name }) => name,
    );
    assert.deepEqual(secrets, await store.secrets.list(WORKSPACE));
    await store.users.remove(people[1]?.id ?? '');
    const behind = await store.users.list(WORKSPACE, { after: 'ada', limit: 2 });
    assert.deepEqual(
      behind.map(({ name }) => name),
      ['bea', 'cleo'],
    );
  });

  it('changes a secret only where its version is the one that is meant, and else changes nothing', async (t) => {
    const { store } = await open(t);
    const seal = () => Buffer.from('sealed');
    for (let count = 0; count < 2; count++) await store.secrets.append(WORKSPACE, 'tok', 'set', seal);
    const old = { ifVersion: 1 };
    const lease = { holder: 'here', until: 1 };
    const order = { reference: 'env:X', keepForMs: 0, refreshMs: null };
    const reading = { fingerprint: 'f', keptUntil: null, seal };
    const key = { workspaceId: WORKSPACE, name: 'tok' };
    for (const change of [
      () => store.secrets.append(WORKSPACE, 'tok', 'set', seal, old),
      () => store.secrets.remove(WORKSPACE, 'tok', old),
      () => store.secretVersions.stage(WORKSPACE, 'tok', 'rotate', seal, { ...old, ...lease }),
      () => store.secretVersions.restore(WORKSPACE, 'tok', 1, old),
      () => store.secretSources.set(key, order, reading, old),
      () => store.secrets.append(WORKSPACE, 'new', 'set', seal, old),
    ])
      await assert.rejects(change, { code: 'stale', message: /was changed meanwhile, .*nothing was changed/ });
    const history = await store.secretVersions.history(WORKSPACE, 'tok');
    assert.deepEqual(
      history.map(({ version, state }) => [version, state]),
      [
        [2, 'current'],
        [1, 'retired'],
      ],
    );
    assert.equal(await store.secrets.append(WORKSPACE, 'tok', 'set', seal, { ifVersion: 2 }), 3);
    assert.equal(await store.secretVersions.restore(WORKSPACE, 'tok', 1, { ifVersion: 3 }), 3);
    assert.equal(await store.secrets.remove(WORKSPACE, 'tok', { ifVersion: 1 }), true);
  });
});
