// Secrets whose values come from elsewhere, as the vault has them: versions, what is kept and for how long, and several brokers that each read for
// themselves.
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { Clock } from 'mcpgate-shared/clock';
import { onBothEngines, temporaryFolder, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import type { Store } from '../../store/store.ts';
import { createVault, type SourceSurroundings } from '../create-vault.ts';
import type { MasterKey } from '../master-key.ts';
import { NO_SOURCES } from './create-sources.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };
const ONCE = { keepForMs: 0, refreshMs: null };
const MINUTE = 60_000;

/** Time that passes when a test says so; what is due then is done before `pass` resolves. */
function handTime(start: number) {
  let now = start;
  const timers = new Set<{ at: number; callback: () => unknown }>();
  const clock: Clock = {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    clock,
    /** For all brokers that share this time. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due);
        now = Math.max(now, due.at);
        // Until what is due then has looked.
        await due.callback();
      }
      now = end;
    },
  };
}

async function world(t: TestContext, open: OpenStoreUnderTest) {
  const under = await open(t);
  const time = handTime(under.clock.at);
  const folder = temporaryFolder(t);
  const file = join(folder, 'token');
  /** As a deployment does it: the new file takes the place of the old one at once. */
  const replace = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };

  async function broker(store: Store, env: Record<string, string> = {}, allowed: object = {}) {
    const changes: string[] = [];
    const values: { version: number; from: number }[] = [];
    const logged: string[] = [];
    const sources: SourceSurroundings = {
      settings: { ...NO_SOURCES, env: ['X'], files: [folder], ...allowed },
      env,
      log: { warn: (_facts, text) => logged.push(text), info: (_facts, text) => logged.push(text) },
      onNewValue: ({ version, from }) => values.push({ version, from }),
    };
    const vault = await createVault({ store, clock: time.clock, masterKey, sources });
    vault.onChange(({ name }) => changes.push(name));
    t.after(() => vault.close());
    const read = async () => {
      const { value, version } = await vault.value('default', 'token');
      return `${value}@${version}`;
    };
    return { vault, changes, values, logged, read, state: () => vault.sources.views()[0]?.state };
  }
  return { ...under, ...time, file, replace, broker, from: `file:${file}` };
}

onBothEngines((open) => {
  it('a secret is read where it comes from, and neither its value nor its length is kept', async (t) => {
    const { store, replace, broker, from } = await world(t, open);
    replace('ghp_one\n');
    const { vault, read, changes } = await broker(store);
    assert.equal(await vault.sources.set('default', 'token', { reference: from, ...ONCE }, { setBy: 'ada' }), 1);
    assert.equal(await read(), 'ghp_one@1');
    assert.deepEqual(changes, ['token']);
    const kept = await store.secrets.current('default', 'token');
    assert.equal(kept?.sealed.length, 0);
    assert.equal(kept.fingerprint?.length, 43);
    const [info] = await vault.list('default');
    assert.deepEqual([info?.source, info?.version], [from, 1]);
    assert.equal((await vault.versions.history('default', 'token'))[0]?.setBy, 'ada');
    await assert.rejects(vault.versions.value('default', 'token', 1), {
      code: 'not_found',
      message: /is not kept here/,
    });
  });

  it('what cannot be read is not set, and all stays as it was', async (t) => {
    const { store, broker, from } = await world(t, open);
    const { vault, read } = await broker(store);
    await vault.set('default', 'token', 'before', 'set');
    const set = (reference: string, order: object = {}) =>
      vault.sources.set('default', 'token', { reference, ...ONCE, ...order });
    await assert.rejects(set(from), {
      code: 'unavailable',
      message: /^the secret token cannot be read from file:.*no such file/,
    });
    await assert.rejects(set('file:/etc/passwd'), {
      code: 'forbidden',
      message: /^the secret token .* sources\.files/,
    });
    await assert.rejects(set('command:/bin/cat /etc/passwd'), { code: 'forbidden' });
    await assert.rejects(set('vault:a#b'), { code: 'forbidden', message: /vault\.address/ });
    await assert.rejects(set('http://x'), { code: 'usage', message: /write env:NAME, file:\/PATH/ });
    await assert.rejects(set('env:X', { refreshMs: 60_000 }), { code: 'usage', message: /needs no --refresh/ });
    assert.equal(await read(), 'before@1');
    assert.deepEqual(await store.secretSources.all(), []);
  });

  it('a file is followed: a changed value is a new version, told once, and one that comes back is the version that it was', async (t) => {
    const { store, replace, broker, from, pass } = await world(t, open);
    replace('one');
    const { vault, read, changes, values } = await broker(store);
    await vault.sources.set('default', 'token', { reference: from, ...ONCE });
    changes.length = 0;
    await pass(10_000);
    assert.deepEqual(changes, []);
    replace('two');
    await pass(3_000);
    assert.equal(changes.length, 1);
    assert.equal(await read(), 'two@2');
    replace('one');
    await pass(3_000);
    assert.equal(changes.length, 2);
    assert.equal(await read(), 'one@1');
    assert.deepEqual(values, [
      { version: 2, from: 1 },
      { version: 1, from: 2 },
    ]);
    assert.equal((await vault.list('default'))[0]?.version, 1);
  });

  it('a file that is being written is not read half: what stands there for a moment is no value', async (t) => {
    const { store, file, replace, broker, from, pass } = await world(t, open);
    replace('one');
    const { vault, read, changes } = await broker(store);
    await vault.sources.set('default', 'token', { reference: from, ...ONCE });
    await pass(3_000);
    changes.length = 0;
    // Emptied first, then written, as by `> file`.
    writeFileSync(file, '');
    await pass(1_000);
    writeFileSync(file, 'two');
    await pass(1_000);
    assert.equal(await read(), 'one@1');
    await pass(2_000);
    assert.equal(await read(), 'two@2');
    assert.deepEqual(changes, ['token']);
  });

  it('a source that is away ends what was read before, names secret and source, and is found again by itself', async (t) => {
    const { store, file, replace, broker, from, pass } = await world(t, open);
    replace('one');
    const { vault, read, changes, logged, state } = await broker(store);
    await vault.sources.set('default', 'token', { reference: from, ...ONCE });
    await vault.set('default', 'other', 'own', 'set');
    await pass(3_000);
    changes.length = 0;
    rmSync(file);
    await pass(3_000);
    assert.equal(changes.length, 1);
    await assert.rejects(read(), {
      code: 'unavailable',
      message: /^the secret token cannot be read from file:.*there is no such file/,
    });
    assert.equal(state(), 'away');
    assert.equal((await vault.value('default', 'other')).value, 'own');
    writeFileSync(file, '');
    await pass(3_000);
    assert.match(vault.sources.views()[0]?.problem ?? '', /is empty/);
    replace('one');
    await pass(3_000);
    assert.equal(changes.length, 2);
    assert.equal(await read(), 'one@1');
    assert.equal(state(), 'ok');
    assert.deepEqual(logged, ['the source of a secret is away', 'the source of a secret is back']);
  });

  it('what was read before lives on as long as somebody has said, also over a restart, and no longer', async (t) => {
    const { store, file, replace, broker, from, pass, reopen, clock } = await world(t, open);
    replace('one');
    const first = await broker(store);
    await first.vault.sources.set('default', 'token', { reference: from, keepForMs: MINUTE, refreshMs: null });
    await pass(3_000);
    first.changes.length = 0;
    rmSync(file);
    await pass(MINUTE / 2);
    assert.equal(first.state(), 'kept');
    assert.equal(await first.read(), 'one@1');
    assert.deepEqual(first.changes, []);
    await first.vault.close();

    const second = await broker(await reopen());
    await second.vault.sources.start();
    assert.equal(second.state(), 'kept');
    assert.equal(await second.read(), 'one@1');
    const until = second.vault.sources.views()[0]?.until ?? 0;
    assert.ok(until <= clock.now() + MINUTE / 2 + 3_000, `until ${until}`);
    await pass(MINUTE);
    assert.equal(second.state(), 'away');
    await assert.rejects(second.read(), { code: 'unavailable' });
    await second.vault.close();

    const third = await broker(await reopen());
    await third.vault.sources.start();
    assert.equal((await store.secrets.current('default', 'token'))?.sealed.length, 0);
    await assert.rejects(third.read(), { code: 'unavailable' });
  });

  it('a variable that is gone after a restart is away, and the others are read', async (t) => {
    const { store, replace, broker, from, reopen } = await world(t, open);
    replace('file');
    const first = await broker(store, { X: 'one' });
    await first.vault.sources.set('default', 'token', { reference: 'env:X', ...ONCE });
    await first.vault.sources.set('default', 'second', { reference: from, ...ONCE });
    assert.equal(await first.read(), 'one@1');
    await first.vault.close();
    const second = await broker(await reopen(), {});
    await second.vault.sources.start();
    await assert.rejects(second.read(), {
      code: 'unavailable',
      message: /X is not in the broker’s environment: set it there/,
    });
    assert.equal((await second.vault.value('default', 'second')).value, 'file');
    const third = await broker(await reopen(), { X: 'two' });
    await third.vault.sources.start();
    assert.equal(await third.read(), 'two@2');
    assert.deepEqual(third.values, [{ version: 2, from: 1 }]);
  });

  it('what the configuration allows no more is read no more, whatever stands in the database', async (t) => {
    const { store, replace, broker, from, reopen } = await world(t, open);
    replace('one');
    const first = await broker(store);
    await first.vault.sources.set('default', 'token', { reference: from, keepForMs: 0, refreshMs: null });
    await first.vault.close();
    const second = await broker(await reopen(), {}, { files: [] });
    await second.vault.sources.start();
    await assert.rejects(second.read(), { code: 'unavailable', message: /sources\.files .* does not allow/ });
    assert.equal(second.state(), 'away');
  });

  it('brokers with different environments each go on with their own value, and nobody takes turns', async (t) => {
    const { store, broker, reopen, pass } = await world(t, open);
    const old = await broker(store, { X: 'one' });
    await old.vault.sources.set('default', 'token', { reference: 'env:X', ...ONCE });
    const fresh = await broker(await reopen(), { X: 'two' });
    await fresh.vault.sources.start();
    for (let round = 0; round < 3; round++) {
      old.vault.elsewhere.changed({ workspaceId: 'default', name: 'token' });
      fresh.vault.elsewhere.changed({ workspaceId: 'default', name: 'token' });
      await pass(60_000);
      assert.deepEqual([await old.read(), await fresh.read()], ['one@1', 'two@2']);
    }
    assert.deepEqual([old.values, fresh.values], [[], [{ version: 2, from: 1 }]]);
    assert.equal((await store.secretVersions.history('default', 'token')).length, 2);
  });

  it('brokers that read the same file agree on its versions, whoever sees a change first', async (t) => {
    const { store, replace, broker, reopen, pass, from } = await world(t, open);
    replace('one');
    const one = await broker(store);
    await one.vault.sources.set('default', 'token', { reference: from, ...ONCE });
    const two = await broker(await reopen());
    await two.vault.sources.start();
    for (const [text, version] of [
      ['two', 2],
      ['three', 3],
      ['two', 2],
    ] as const) {
      replace(text);
      await pass(3_000);
      assert.deepEqual([await one.read(), await two.read()], [`${text}@${version}`, `${text}@${version}`]);
    }
    await pass(30_000);
    assert.equal((await store.secrets.current('default', 'token'))?.version, 2);
    assert.equal(one.values.length + two.values.length, 3);
  });

  it('a secret that is set to a value of its own comes from nowhere else any more, also at another broker', async (t) => {
    const { store, replace, broker, reopen, pass, from } = await world(t, open);
    replace('one');
    const one = await broker(store);
    await one.vault.set('default', 'token', 'first', 'set');
    await one.vault.sources.set('default', 'token', { reference: from, keepForMs: MINUTE, refreshMs: null });
    const two = await broker(await reopen());
    await two.vault.sources.start();
    assert.equal(await two.read(), 'one@2');
    const stage = one.vault.versions.stage('default', 'token', 'staged', 'rotate');
    await assert.rejects(stage, {
      code: 'conflict',
      message: /the value of token comes from file:.*: change it there/,
    });
    await one.vault.set('default', 'token', 'own', 'set');
    replace('two');
    await pass(10_000);
    assert.deepEqual([await one.read(), await two.read()], ['own@3', 'own@3']);
    assert.deepEqual(two.vault.sources.views(), []);
    await assert.rejects(one.vault.versions.restore('default', 'token', 2), { code: 'not_found' });
    await one.vault.versions.restore('default', 'token', 1);
    assert.equal(await two.read(), 'first@1');
    assert.deepEqual((await store.secretVersions.find('default', 'token', 2))?.sealed.length, 0);
  });

  it('a secret that comes from elsewhere now is read there by every broker, and what is removed by none', async (t) => {
    const { store, replace, broker, reopen, from } = await world(t, open);
    replace('one');
    const one = await broker(store, { X: 'variable' });
    const two = await broker(await reopen(), { X: 'variable' });
    await one.vault.sources.set('default', 'token', { reference: from, ...ONCE });
    assert.equal(await two.read(), 'one@1');
    await one.vault.sources.set('default', 'token', { reference: 'env:X', ...ONCE });
    assert.equal(await two.read(), 'variable@2');
    assert.equal(await one.vault.remove('default', 'token'), true);
    for (const { read } of [one, two]) await assert.rejects(read(), { code: 'not_found' });
    await two.vault.elsewhere.recheck();
    assert.deepEqual(two.vault.sources.views(), []);
  });
});
