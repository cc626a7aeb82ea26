// Secrets that grow old or expire are told of before somebody's call fails.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from './create-vault.ts';
import type { MasterKey } from './master-key.ts';
import { createSecretWatch } from './secret-watch.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };
const DAY = 86_400_000;

async function openWatch(t: TestContext, open: OpenStoreUnderTest, maxAgeMs = 90 * DAY) {
  const { store, clock, reopen } = await open(t);
  const vault = await createVault({ store, clock, masterKey, holder: 'here' });
  const logged: string[] = [];
  const abandoned: string[] = [];
  const rotated: string[] = [];
  const timers: (() => void)[] = [];
  const watch = createSecretWatch({
    store,
    versions: vault.versions,
    onChange: vault.onChange,
    clock: { now: () => clock.at, after: (_ms, callback) => (timers.push(callback), () => undefined) },
    log: { warn: (_fields: object, text: string) => void logged.push(text) },
    maxAgeMs,
    recordAbandoned: async ({ name, version }) => void abandoned.push(`${name}@${version}`),
    recordRotated: async ({ name, version, from }) => void rotated.push(`${name}@${from}>${version}`),
  });
  const other = await createVault({ store: await reopen(), clock, masterKey, holder: 'killed' });
  return { store, vault, other, clock, watch, logged, abandoned, rotated, look: () => watch.start() };
}

onBothEngines((open) => {
  it('a secret is warned of when it is older than the policy says, in the log once a day, until it is rotated', async (t) => {
    const { store, vault, clock, watch, logged, look } = await openWatch(t, open);
    await vault.set('default', 'github', 'x', 'set');
    clock.at += 90 * DAY;
    await look();
    assert.deepEqual([logged, await watch.warnings('default')], [[], []]);
    clock.at += 1;
    for (const hours of [0, 1, 22]) {
      clock.at += hours * 3_600_000;
      await look();
    }
    const text =
      'secret github (version 1) is 90 days old, and secrets.max_age is 90 days; make a new one at its service, then: mcpgate-broker secret rotate github';
    assert.deepEqual(logged, [text]);
    assert.deepEqual(await watch.warnings('default'), [{ name: 'github', text }]);
    clock.at += 3_600_000;
    await look();
    assert.equal(logged.length, 2);
    await vault.set('default', 'github', 'y', 'set');
    await look();
    assert.deepEqual([logged.length, await watch.warnings('default')], [2, []]);
    assert.deepEqual(watch.ages, [
      { workspace: 'default', secret: 'github', createdAt: clock.at, expiresAt: null, isUnverified: true },
    ]);
    await store.secrets.touch([{ workspaceId: 'default', name: 'github', version: 2, at: clock.at }]);
    await look();
    assert.equal(watch.ages[0]?.isUnverified, false, 'a connection has carried it');
    await store.secretVersions.noteVerified('default', 'github', false);
    await look();
    assert.equal(watch.ages[0]?.isUnverified, true);
  });

  it('of one that is read elsewhere it is said where to put the new one', async (t) => {
    const { store, clock, watch } = await openWatch(t, open);
    const order = { reference: 'file:/srv/token', keepForMs: 0, refreshMs: null };
    const reading = { fingerprint: 'f', keptUntil: null, seal: () => Uint8Array.of(1) };
    await store.secretSources.set({ workspaceId: 'default', name: 'github' }, order, reading, {});
    clock.at += 91 * DAY;
    assert.match(
      (await watch.warnings('default'))[0]?.text ?? '',
      /, and put it where it is read from: file:\/srv\/token$/,
    );
  });

  it('a date of expiry is told of two weeks ahead, and once it has passed, in its own workspace', async (t) => {
    const { store, vault, clock, watch } = await openWatch(t, open, Infinity);
    await store.workspaces.add('team-b');
    await vault.set('team-b', 'github', 'x', 'set', { expiresAt: clock.at + 30 * DAY });
    assert.deepEqual(await watch.warnings('team-b'), []);
    clock.at += 16 * DAY;
    const day = new Date(clock.at + 14 * DAY).toISOString().slice(0, 10);
    const next = 'make a new one at its service, then: mcpgate-broker secret rotate github --workspace team-b';
    assert.deepEqual(await watch.warnings('team-b'), [
      { name: 'github', text: `secret github (version 1) expires on ${day}; ${next}` },
    ]);
    clock.at += 14 * DAY;
    assert.deepEqual(await watch.warnings('team-b'), [
      { name: 'github', text: `secret github (version 1) has expired on ${day}; ${next}` },
    ]);
    assert.deepEqual(await watch.warnings('default'), []);
  });

  it('what a broker that was killed has staged is gone within a minute after its lease, and recorded', async (t) => {
    const { vault, other, clock, abandoned, look } = await openWatch(t, open);
    await vault.set('default', 'github', 'x', 'set');
    await other.versions.stage('default', 'github', 'left', 'rotate');
    await look();
    assert.deepEqual(abandoned, []);
    clock.at += 30_000;
    await look();
    assert.deepEqual(abandoned, ['github@2']);
  });

  it('what a broker that was killed has switched to is in the log once, whether it had said so or not', async (t) => {
    const { vault, other, clock, rotated, look } = await openWatch(t, open);
    await vault.set('default', 'github', 'x', 'set');
    const own = await vault.versions.stage('default', 'github', 'own', 'rotate');
    await vault.versions.promote(own);
    await vault.versions.recorded(own);
    await other.versions.promote(await other.versions.stage('default', 'github', 'left', 'rotate'));
    await look();
    assert.deepEqual(rotated, [], 'it may be about to say so itself');
    clock.at += 15_000;
    await look();
    await look();
    assert.deepEqual(rotated, ['github@2>3']);
  });
});
