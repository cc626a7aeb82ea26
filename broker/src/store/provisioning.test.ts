// What the IdP calls people and groups, on both engines.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import { addUser, WORKSPACE } from './fixtures/people-rows.ts';

const NAMES = {
  workspaceId: WORKSPACE,
  userName: 'Ada@Corp.example',
  externalId: 'a-1',
  displayName: 'Ada',
  givenName: null,
  familyName: null,
};

onBothEngines((open) => {
  it('knows people by the names that the IdP has given them, one person a name, until they are removed', async (t) => {
    const { store, reopen } = await open(t);
    const [bob, ada] = [await addUser(store, 'bob'), await addUser(store, 'ada')];
    assert.equal(await store.provisioning.ofUser(ada.id), undefined);
    await store.provisioning.putUser({ userId: ada.id, ...NAMES });
    await store.provisioning.putUser({ userId: ada.id, ...NAMES, familyName: 'Lovelace' });
    const other = await reopen();
    const { workspaceId: _workspace, ...told } = NAMES;
    assert.deepEqual(await other.provisioning.ofUser(ada.id), { ...told, familyName: 'Lovelace' });
    assert.deepEqual(await store.provisioning.userIdsOf(WORKSPACE, { userName: 'ada@corp.EXAMPLE' }), [ada.id]);
    assert.deepEqual(await store.provisioning.userIdsOf(WORKSPACE, { externalId: 'a-1' }), [ada.id]);
    assert.deepEqual(await store.provisioning.userIdsOf(WORKSPACE, { externalId: 'A-1' }), []);
    assert.deepEqual(await store.provisioning.userIdsOf('other', { externalId: 'a-1' }), []);
    const twice = { ...NAMES, userId: bob.id, userName: 'ADA@corp.example' };
    await assert.rejects(store.provisioning.putUser(twice), { code: 'conflict' });
    await store.provisioning.putUser({ ...NAMES, userId: bob.id, userName: 'bob@corp.example', externalId: 'b-1' });
    assert.deepEqual(await store.provisioning.userIdsOf(WORKSPACE, { userName: 'BOB@corp.example' }), [bob.id]);
    assert.deepEqual(
      await store.provisioning.userIdsOf(WORKSPACE, { userName: 'bob@corp.example', externalId: 'a-1' }),
      [],
    );
    const page = (offset: number) => store.provisioning.pageOfUserIds(WORKSPACE, { offset, limit: 1 });
    assert.deepEqual([await page(0), await page(1), await page(2)], [[ada.id], [bob.id], []]);
    await store.users.remove(ada.id);
    assert.deepEqual(await store.provisioning.userIdsOf(WORKSPACE, { externalId: 'a-1' }), []);
  });

  it('keeps what the IdP calls a group as long as the group, and shows groups that it has not named', async (t) => {
    const { store } = await open(t);
    const ada = await store.users.create({
      ...{ workspaceId: WORKSPACE, name: 'ada', email: null, role: 'member' },
      groups: ['ops', 'platform'],
    });
    const group = { workspaceId: WORKSPACE, name: 'platform', externalId: 'g-1' };
    await store.provisioning.putGroup({ ...group, displayName: 'Platform Team' });
    await store.provisioning.putGroup({ ...group, displayName: 'The Platform' });
    const shown = (await store.provisioning.groups(WORKSPACE)).map((each) => [each.name, each.displayName]);
    assert.deepEqual(shown, [
      ['ops', null],
      ['platform', 'The Platform'],
    ]);
    assert.deepEqual(await store.provisioning.membersOf(WORKSPACE, 'platform'), [{ id: ada.id, name: 'ada' }]);
    await store.groups.remove(WORKSPACE, 'platform');
    await store.groups.add(WORKSPACE, 'platform', []);
    const [, again] = await store.provisioning.groups(WORKSPACE);
    assert.deepEqual([again?.displayName, again?.externalId], [null, null]);
  });
});
