import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest, type StoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from './create-vault.ts';
import { loadMasterKey, type MasterKey } from './master-key.ts';
import type { Vault } from './vault.ts';

const WORKSPACE = 'default';

interface VaultUnderTest extends StoreUnderTest {
  vault: Vault;
  masterKey: MasterKey;
}

async function openVault(t: TestContext, open: OpenStoreUnderTest): Promise<VaultUnderTest> {
  const world = await open(t);
  const masterKey = loadMasterKey({ dataDir: world.dataDir });
  return { ...world, masterKey, vault: await createVault({ ...world, masterKey }) };
}

onBothEngines((open) => {
  it('puts secrets into a text and says which versions they were', async (t) => {
    const { vault } = await openVault(t, open);
    await vault.set(WORKSPACE, 'github', 'first', 'cli');
    assert.equal(await vault.set(WORKSPACE, 'github', 'ghp_✓', 'cli'), 2);
    await vault.set(WORKSPACE, 'sentry.token', '$& ${secret:github}', 'import');
    const text = 'a ${secret:github} b ${secret:sentry.token} c ${secret:github}';
    assert.deepEqual(await vault.resolve(WORKSPACE, text), {
      value: 'a ghp_✓ b $& ${secret:github} c ghp_✓',
      versions: ['github@2', 'sentry.token@1'],
    });
    const plain = 'no reference, ${HOME} $secret';
    assert.deepEqual(await vault.resolve(WORKSPACE, plain), { value: plain, versions: [] });
  });

  it('adds a name that is not there, and changes none that is, whoever is first', async (t) => {
    const { vault, ...world } = await openVault(t, open);
    const other = world.kind === 'sqlite' ? vault : await createVault({ ...world, store: await world.reopen() });
    const adds = [vault.add(WORKSPACE, 'new', 'one', 'import'), other.add(WORKSPACE, 'new', 'two', 'import')];
    const versions = await Promise.all(adds);
    assert.deepEqual(
      versions.filter((version) => version !== undefined),
      [1],
    );
    const first = versions[0] === 1 ? 'one' : 'two';
    assert.equal((await vault.value(WORKSPACE, 'new')).value, first);
    assert.equal(await vault.add(WORKSPACE, 'new', 'three', 'import'), undefined);
    assert.deepEqual(
      (await vault.list(WORKSPACE)).map(({ name, version }) => [name, version]),
      [['new', 1]],
    );
    await vault.remove(WORKSPACE, 'new');
    assert.equal(await vault.add(WORKSPACE, 'new', 'four', 'import'), 2, 'a version is never used twice');
    assert.equal((await vault.value(WORKSPACE, 'new')).value, 'four');
  });

  it('names the secret that is missing', async (t) => {
    const { vault } = await openVault(t, open);
    await vault.set('default', 'github', 'x', 'cli');
    await assert.rejects(vault.resolve(WORKSPACE, '${secret:gitlab}'), {
      code: 'not_found',
      message: 'there is no secret named gitlab: set it with mcpgate-broker secret set gitlab',
    });
    await assert.rejects(vault.resolve('other', '${secret:github}'), { code: 'not_found' });
    await assert.rejects(vault.resolve(WORKSPACE, '${secret:}'), { code: 'usage' });
  });

  it('uses a new value from the next time on, and none once it is removed', async (t) => {
    const { vault } = await openVault(t, open);
    const changes: string[] = [];
    const end = vault.onChange((change) => changes.push(`${change.workspaceId}/${change.name}`));
    await vault.set(WORKSPACE, 'github', 'one', 'cli');
    assert.equal((await vault.resolve(WORKSPACE, '${secret:github}')).value, 'one');
    await vault.set(WORKSPACE, 'github', 'two', 'cli');
    assert.equal((await vault.resolve(WORKSPACE, '${secret:github}')).value, 'two');
    assert.equal(await vault.remove(WORKSPACE, 'github'), true);
    assert.equal(await vault.remove(WORKSPACE, 'github'), false);
    await assert.rejects(vault.resolve(WORKSPACE, '${secret:github}'), { code: 'not_found' });
    end();
    assert.equal(await vault.set(WORKSPACE, 'github', 'three', 'cli'), 3);
    assert.deepEqual(changes, ['default/github', 'default/github', 'default/github']);
  });

  it('when a version was last used is its last call, written down together with others, and at once for whoever asks', async (t) => {
    const { vault, store, clock } = await openVault(t, open);
    await vault.set(WORKSPACE, 'github', 'x', 'cli');
    await vault.set(WORKSPACE, 'github', 'y', 'cli');
    const lastUsedAt = async (): Promise<number | null | undefined> => (await vault.list(WORKSPACE))[0]?.lastUsedAt;
    assert.equal(await lastUsedAt(), null);
    const first = clock.at;
    const written = vault.used(WORKSPACE, ['github@1', 'removed@3']);
    assert.ok(written instanceof Promise);
    clock.at = first + 1;
    assert.equal(vault.used(WORKSPACE, ['github@2']), undefined, 'it is written with what is noted already');
    assert.equal((await store.secrets.list(WORKSPACE))[0]?.lastUsedAt, null);
    assert.equal(await lastUsedAt(), first + 1);
    await written;
    const history = await vault.versions.history(WORKSPACE, 'github');
    assert.deepEqual(
      history.map((each) => [each.version, each.state, each.lastUsedAt]),
      [
        [2, 'current', first + 1],
        [1, 'retired', first],
      ],
    );
    assert.ok(vault.used('other', ['github@2']) instanceof Promise);
    assert.equal(await lastUsedAt(), first + 1, 'of another workspace');
  });

  it('refuses names and values that it cannot keep, without showing the value', async (t) => {
    const { vault } = await openVault(t, open);
    for (const name of ['', '-a', 'a b', 'a/b', '${x}', 'é', 'a'.repeat(129)]) {
      await assert.rejects(vault.set(WORKSPACE, name, 'hunter2', 'cli'), { code: 'usage' });
    }
    await assert.rejects(vault.set(WORKSPACE, 'a', '', 'cli'), { code: 'usage', message: /is empty/ });
    await assert.rejects(vault.set(WORKSPACE, 'a', 'hunter2\uD800', 'cli'), { code: 'usage' });
    const large = 'é'.repeat(32 * 1024);
    await assert.rejects(vault.set(WORKSPACE, 'a', `${large}x`, 'cli'), {
      code: 'too_large',
      message: 'the value of the secret a is 65537 bytes; at most 65536 are kept',
    });
    assert.deepEqual(await vault.list(WORKSPACE), []);
    await vault.set(WORKSPACE, 'a'.repeat(128), large, 'cli');
    assert.equal((await vault.resolve(WORKSPACE, `\${secret:${'a'.repeat(128)}}`)).value, large);
  });

  it('keeps no value in the database as it is', async (t) => {
    const { vault, store } = await openVault(t, open);
    await vault.set(WORKSPACE, 'github', 'ghp_findme', 'cli');
    const record = await store.secrets.current(WORKSPACE, 'github');
    assert.ok(record);
    assert.equal(Buffer.from(record.sealed).indexOf('ghp_findme'), -1);
  });

  it('refuses a value that was put under another name', async (t) => {
    const { vault, tamper, masterKey } = await openVault(t, open);
    await vault.set(WORKSPACE, 'admin', 'powerful', 'cli');
    await vault.set(WORKSPACE, 'guest', 'harmless', 'cli');
    await tamper(`update secret_versions set sealed = (select sealed from secret_versions where name = 'admin')`);
    await assert.rejects(vault.resolve(WORKSPACE, '${secret:guest}'), {
      code: 'internal',
      message: new RegExp(`guest \\(version 1\\) cannot be opened with ${masterKey.file}`),
    });
  });

  it('seals for other modules, each for its own purpose', async (t) => {
    const { vault, reopen, masterKey, clock } = await openVault(t, open);
    const sealed = vault.seal('signing-key', Uint8Array.of(1, 2, 3));
    const restarted = await createVault({ store: await reopen(), masterKey, clock });
    assert.deepEqual(await restarted.open('signing-key', sealed), Uint8Array.of(1, 2, 3));
    await assert.rejects(vault.open('refresh-answer', sealed), { code: 'internal', message: /refresh-answer/ });
  });

  it('notices at the start that the master key is another one', async (t) => {
    const { store, clock, masterKey, dataDir } = await openVault(t, open);
    rmSync(masterKey.file);
    const made = loadMasterKey({ dataDir });
    const wrong = /master\.key is not the one this database was sealed with/;
    await assert.rejects(createVault({ store, clock, masterKey: made }), {
      code: 'config',
      message: `the master key ${masterKey.file} is missing, and this database was sealed with one: put the file back where it was`,
    });
    assert.equal(existsSync(masterKey.file), false, 'the key that was made in its place is gone again');
    assert.equal(loadMasterKey({ dataDir }).created, true);
    await assert.rejects(createVault({ store, clock, masterKey: { ...made, created: false } }), {
      code: 'config',
      message: wrong,
    });
    writeFileSync(masterKey.file, `${Buffer.from(masterKey.bytes).toString('base64')}\n`, { mode: 0o600 });
    await createVault({ store, clock, masterKey });
  });
});
