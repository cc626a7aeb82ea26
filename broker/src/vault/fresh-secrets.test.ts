// Values are kept for a second. A change is seen at once all the same: here, and where another broker tells of it.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest } from '../store/both-engines.ts';
import type { Store } from '../store/store.ts';
import { createVault } from './create-vault.ts';
import type { MasterKey } from './master-key.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };

/** A vault that counts how often it reads the database, and another broker's over the same one. */
async function openVaults(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  await world.store.workspaces.add('team-b');
  const { secrets } = world.store;
  const told: string[] = [];
  const at = { reads: 0, whileReading: () => Promise.resolve() };
  const store: Store = {
    ...world.store,
    secrets: {
      ...secrets,
      async current(...asked) {
        at.reads += 1;
        const record = await secrets.current(...asked);
        await at.whileReading();
        return record;
      },
    },
  };
  const vault = await createVault({ store, clock: world.clock, masterKey });
  vault.onChange(({ workspaceId, name }) => told.push(`${workspaceId}/${name}`));
  const other = await createVault({ store: await world.reopen(), clock: world.clock, masterKey });
  const value = async (name: string, workspaceId = 'default') =>
    (await vault.resolve(workspaceId, `\${secret:${name}}`)).value;
  return { vault, other, told, at, value, clock: world.clock };
}

onBothEngines((open) => {
  it('the database is asked once a second, also after the clock was put back', async (t) => {
    const { vault, at, value, clock } = await openVaults(t, open);
    await vault.set('default', 'token', 'one', 'cli');
    for (const [later, reads] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [-999, 2],
      [-1, 3],
      [500, 3],
    ] as const) {
      clock.at += later;
      await value('token');
      assert.equal(at.reads, reads, `${later} ms later`);
    }
  });

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

  it('what was being read while it changed is not kept', async (t) => {
    const { vault, other, at, value } = await openVaults(t, open);
    await vault.set('default', 'token', 'one', 'cli');
    const changes = [
      () => vault.set('default', 'token', 'changed', 'cli'),
      async () => {
        await other.set('default', 'token', 'changed', 'cli');
        vault.elsewhere.changed({ workspaceId: 'default', name: 'token' });
      },
      async () => {
        await other.set('default', 'token', 'changed', 'cli');
        await vault.elsewhere.recheck();
      },
    ];
    for (const [index, change] of changes.entries()) {
      await vault.set('default', 'token', 'before', 'cli');
      at.whileReading = async () => {
        at.whileReading = () => Promise.resolve();
        await change();
      };
      assert.equal(await value('token'), 'before', `${index}: it was read before`);
      assert.equal(await value('token'), 'changed', `${index}: and is not remembered`);
    }
  });

  it('what another broker says has changed is read again, and told of', async (t) => {
    const { vault, other, told, value } = await openVaults(t, open);
    await vault.set('default', 'token', 'one', 'cli');
    await value('token');
    await other.set('default', 'token', 'two', 'cli');
    vault.elsewhere.changed({ workspaceId: 'default', name: 'token' });
    assert.equal(await value('token'), 'two');
    assert.deepEqual(told, ['default/token', 'default/token']);
  });

  it('after deafness all that was opened is looked at again: what changed is told of once, the rest not', async (t) => {
    const { vault, other, told, value, at } = await openVaults(t, open);
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
    const before = at.reads;
    assert.equal(await value('stays'), 'one');
    assert.equal(at.reads, before + 1, 'what was kept through the deafness is not believed');
    await vault.elsewhere.recheck();
    assert.equal(told.length, 2);
  });

  it('nothing is told for a secret that was not there to be removed', async (t) => {
    const { vault, told } = await openVaults(t, open);
    assert.equal(await vault.remove('default', 'token'), false);
    assert.deepEqual(told, []);
  });
});
