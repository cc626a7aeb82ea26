// Whoever may write to the database, or puts a backup of it back in parts, can move sealed values about. What was moved does not open.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from './create-vault.ts';
import type { MasterKey } from './master-key.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };

/** What a broker of an earlier version has written under this key. */
const KEPT = {
  github: 'AY+1P3Ya0qAP3VgDaQb9ZEM/Fat5ys/PzLCwBp59Wg0yhA13wA==',
  signingKey: 'Af0LCcUOrTZvs9kbwi2sTNOIDncBulb9h3RkU/p4z1SwPg==',
  keyCheck: 'Act+D651qYXjEjq0+HmTXZg9QpmQotMw408FXvr8cZbjCzqXAUMpqashXVM=',
};

async function openVault(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  await world.store.workspaces.add('team-b');
  const vault = await createVault({ ...world, masterKey });
  /** Puts the sealed value of one place into another, and what is said when it is asked for there. */
  const move = async (from: string, to: string) => {
    await world.tamper(
      `update secret_versions set sealed = (select sealed from secret_versions as source where ${from}) where ${to}`,
    );
    world.clock.at += 2_000;
  };
  return { ...world, vault, move };
}

const place = (workspace: string, name: string, version: number) =>
  `workspace_id = '${workspace}' and name = '${name}' and version = ${version}`;

onBothEngines((open) => {
  it('a secret of one workspace does not open in another one, under the same name and version', async (t) => {
    const { vault, move } = await openVault(t, open);
    await vault.set('default', 'token', 'ours', 'cli');
    await vault.set('team-b', 'token', 'theirs', 'cli');
    await move(place('default', 'token', 1), place('team-b', 'token', 1));
    await assert.rejects(vault.resolve('team-b', '${secret:token}'), { code: 'internal' });
    assert.equal((await vault.resolve('default', '${secret:token}')).value, 'ours');
  });

  it('a secret does not open under another name', async (t) => {
    const { vault, move } = await openVault(t, open);
    await vault.set('default', 'admin', 'powerful', 'cli');
    await vault.set('default', 'guest', 'harmless', 'cli');
    await move(place('default', 'admin', 1), place('default', 'guest', 1));
    await assert.rejects(vault.resolve('default', '${secret:guest}'), { code: 'internal' });
    assert.equal((await vault.resolve('default', '${secret:admin}')).value, 'powerful');
  });

  it('an earlier value of a secret does not come back as the current one', async (t) => {
    const { vault, move } = await openVault(t, open);
    await vault.set('default', 'token', 'withdrawn', 'cli');
    await vault.set('default', 'token', 'current', 'cli');
    assert.equal((await vault.resolve('default', '${secret:token}')).value, 'current');
    await move(place('default', 'token', 1), place('default', 'token', 2));
    await assert.rejects(vault.resolve('default', '${secret:token}'), { code: 'internal' });
  });

  it('data that other rooms have sealed does not open as a secret, nor a secret as theirs', async (t) => {
    const { vault, store } = await openVault(t, open);
    const purposes = ['secret', 'default', 'token', '1', 'purpose', 'secret","default","token","1', ''];
    await store.secrets.append('default', 'token', 'cli', () => vault.seal('secret', Buffer.from('x')));
    await assert.rejects(vault.resolve('default', '${secret:token}'), { code: 'internal' });
    await vault.set('default', 'token', 'x', 'cli');
    const record = await store.secrets.current('default', 'token');
    for (const purpose of purposes)
      await assert.rejects(vault.open(purpose, record?.sealed ?? new Uint8Array()), { code: 'internal' }, purpose);
    const sealed = vault.seal('secret', Buffer.from('x'));
    for (const purpose of purposes.slice(1))
      await assert.rejects(vault.open(purpose, sealed), { code: 'internal' }, purpose);
  });

  it('a secret that an earlier version has sealed opens, and its key is known to be the right one', async (t) => {
    const world = await open(t);
    await world.store.settings.putIfAbsent('vault.key_check', KEPT.keyCheck);
    const vault = await createVault({ ...world, masterKey });
    await world.store.secrets.append('default', 'github', 'cli', () => Buffer.from(KEPT.github, 'base64'));
    assert.equal((await vault.resolve('default', '${secret:github}')).value, 'ghp_kept');
    const key = await vault.open('signing-key', Buffer.from(KEPT.signingKey, 'base64'));
    assert.equal(Buffer.from(key).toString(), 'a key');
  });
});
