import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';

const person = (workspaceId: string) => ({
  workspaceId,
  name: 'ada',
  email: 'ada@example.com',
  role: 'member' as const,
  groups: ['eng'],
});

onBothEngines((open) => {
  it('keeps workspaces, and refuses a second one of the same name', async (t) => {
    const { store, clock } = await open(t);
    assert.deepEqual(await store.workspaces.add('team-b'), { name: 'team-b', createdAt: clock.at });
    assert.deepEqual(await store.workspaces.list(), [
      { name: 'default', createdAt: 0 },
      { name: 'team-b', createdAt: clock.at },
    ]);
    assert.deepEqual([await store.workspaces.has('team-b'), await store.workspaces.has('c')], [true, false]);
    await assert.rejects(store.workspaces.add('team-b'), { code: 'conflict', message: /team-b exists already/ });
  });

  it('keeps people, servers, secrets, groups and rules of the same name apart', async (t) => {
    const { store } = await open(t);
    await store.workspaces.add('team-b');
    const [ours, theirs] = [await store.users.create(person('default')), await store.users.create(person('team-b'))];
    assert.notEqual(ours.id, theirs.id);
    assert.equal((await store.users.byName('team-b', 'ada'))?.id, theirs.id);
    assert.deepEqual(
      (await store.users.byEmail('team-b', 'ada@example.com')).map(({ id }) => id),
      [theirs.id],
    );
    assert.deepEqual(await store.groups.list('team-b'), [{ name: 'eng', members: ['ada'], onCall: [] }]);
    await store.groups.remove('team-b', 'eng');
    assert.deepEqual((await store.users.byId(ours.id))?.groups, ['eng']);

    for (const [workspaceId, url] of [
      ['default', 'https://a.example'],
      ['team-b', 'https://b.example'],
    ] as const)
      await store.servers.create({
        workspaceId,
        name: 'wiki',
        enabled: true,
        isolation: 'shared',
        trustAnnotations: false,
        transport: { kind: 'http', url, headers: {} },
      });
    assert.deepEqual(
      (await store.servers.list('team-b')).map(({ transport }) => transport.kind === 'http' && transport.url),
      ['https://b.example'],
    );

    await store.secrets.append('default', 'token', 'test', () => Buffer.from('a'));
    await store.secrets.append('team-b', 'token', 'test', () => Buffer.from('b'));
    assert.equal(Buffer.from((await store.secrets.current('team-b', 'token'))?.sealed ?? []).toString(), 'b');

    const rule = { effect: 'allow', who: ['*'], what: ['*'], createdBy: 'host:root' } as const;
    await store.policy.addRule('team-b', rule);
    assert.equal((await store.policy.snapshot('default')).rules.length, 0);
    await store.policy.setEnforcement('team-b', 'off');
    assert.equal((await store.policy.snapshot('default')).enforcement, 'enforce');
  });

  it('removes no workspace that is still used, and says what it still has', async (t) => {
    const { store, clock } = await open(t);
    await store.workspaces.add('team-b');
    const ada = await store.users.create(person('team-b'));
    const token = { workspaceId: 'team-b', label: 'ci', tokenHash: 'x', expiresAt: null, createdBy: 'host:root' };
    const grant = await store.grants.create({ ...token, userId: null, servers: [], allowFrom: [] });
    const admin = await store.adminTokens.create({ ...token, role: 'admin' });
    await store.secrets.append('team-b', 'token', 'test', () => Buffer.from('b'));
    await assert.rejects(store.workspaces.remove('team-b'), {
      code: 'conflict',
      message: 'the workspace team-b still has 1 user, 1 secret, 1 grant, 1 administration token',
    });
    assert.equal((await store.users.byId(ada.id))?.name, 'ada');
    await store.users.remove(ada.id);
    await store.secrets.remove('team-b', 'token');
    await store.grants.revoke(grant.id, clock.at);
    await store.adminTokens.revoke(admin.id, clock.at);
    await store.policy.setEnforcement('team-b', 'off');
    await store.links.create({
      tokenHash: 'l',
      workspaceId: 'team-b',
      kind: 'setup',
      userId: null,
      expiresAt: clock.at + 1,
    });

    await store.workspaces.remove('team-b');
    assert.equal(await store.workspaces.has('team-b'), false);
    await assert.rejects(store.workspaces.remove('team-b'), { code: 'not_found' });
    await assert.rejects(store.users.create(person('team-b')));
    await store.workspaces.add('team-b');
    assert.equal((await store.policy.snapshot('team-b')).enforcement, 'enforce', 'nothing of before came back');
    assert.deepEqual(await store.grants.list('team-b'), []);
  });
});
