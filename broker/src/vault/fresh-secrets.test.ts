// A change of a secret is seen at once, whoever made it; who holds the value of before is told.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from './create-vault.ts';
import type { MasterKey } from './master-key.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };

/** A vault, and another broker's over the same database. */
async function openVaults(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  await world.store.workspaces.add('team-b');
  const told: string[] = [];
  const vault = await createVault({ store: world.store, clock: world.clock, masterKey });
  vault.onChange(({ workspaceId, name }) => told.push(`${workspaceId}/${name}`));
  const other = await createVault({ store: await world.reopen(), clock: world.clock, masterKey });
  const value = async (name: string, workspaceId = 'default') =>
    (await vault.resolve(workspaceId, `\${secret:${name}}`)).value;
  return { vault, other, told, value };
}

onBothEngines((open) => {
  it('secrets of one name are kept apart by their workspaces, and so are their ends', async (t) => {
    const { vault, value, told } = await openVaults(t, open);
    await vault.set('default', 'token', 'ours', 'cli');
    await vault.set('team-b', 'token', 'theirs', 'cli');
    assert.deepEqual([await value('token'), await value('token', 'team-b')], ['ours', 'theirs']);
    assert.equal(await vault.remove('default', 'token'), true);
    await assert.rejects(value('token'), { code: 'not_found' });
    assert.equal(await value('token', 'team-b'), 'theirs');
    assert.deepEqual(
      (await vault.list('team-b')).map(({ name }) => name),
      ['token'],
    );
    assert.deepEqual(told, ['default/token', 'team-b/token', 'default/token']);
  });

  it('a secret that another broker has set is read at once, before the bus tells of it', async (t) => {
    const { vault, other, value } = await openVaults(t, open);
    await vault.set('default', 'token', 'one', 'cli');
    assert.equal(await value('token'), 'one');
    await other.set('default', 'token', 'two', 'cli');
    assert.equal(await value('token'), 'two');
    await other.remove('default', 'token');
    await assert.rejects(value('token'), { code: 'not_found' });
  });

  it('a secret that another broker has changed is read again, and listeners are told', async (t) => {
    const { vault, other, told, value } = await openVaults(t, open);
    await vault.set('default', 'token', 'one', 'cli');
    await value('token');
    await other.set('default', 'token', 'two', 'cli');
    vault.elsewhere.changed({ workspaceId: 'default', name: 'token' });
    assert.equal(await value('token'), 'two');
    assert.deepEqual(told, ['default/token', 'default/token']);
  });

  it('after deafness all that was opened is looked at again: what changed is told of once, the rest not', async (t) => {
    const { vault, other, told, value } = await openVaults(t, open);
    for (const name of ['stays', 'changes', 'goes', 'unopened']) await vault.set('default', name, 'one', 'cli');
    await vault.set('team-b', 'changes', 'theirs', 'cli');
    for (const name of ['stays', 'changes', 'goes']) await value(name);
    await value('changes', 'team-b');
    told.length = 0;
    await other.set('default', 'changes', 'two', 'cli');
    await other.set('default', 'unopened', 'two', 'cli');
    await other.remove('default', 'goes');
    await vault.elsewhere.recheck();
    assert.deepEqual(told.toSorted(), ['default/changes', 'default/goes']);
    assert.equal(await value('changes'), 'two');
    await assert.rejects(value('goes'), { code: 'not_found' });
    assert.equal(await value('stays'), 'one');
    await vault.elsewhere.recheck();
    assert.equal(told.length, 2);
  });

  it('listeners are told nothing when a secret is removed that does not exist', async (t) => {
    const { vault, told } = await openVaults(t, open);
    assert.equal(await vault.remove('default', 'token'), false);
    assert.deepEqual(told, []);
  });
});
