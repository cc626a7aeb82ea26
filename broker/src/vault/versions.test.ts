// What is staged is used by nothing until it takes the place of the current version; whoever dies before that leaves nothing behind.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from './create-vault.ts';
import type { MasterKey } from './master-key.ts';

const masterKey: MasterKey = { bytes: new Uint8Array(32).fill(7), file: '/etc/master.key', created: false };
const W = 'default';

async function openVaults(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  const { clock } = world;
  const vault = await createVault({ store: world.store, clock, masterKey, holder: 'one' });
  const other = await createVault({ store: await world.reopen(), clock, masterKey, holder: 'two' });
  const told: string[] = [];
  vault.onChange(({ name }) => told.push(name));
  await vault.set(W, 'token', 'old', 'set', { setBy: 'user:ada' });
  told.length = 0;
  const value = async () => (await vault.value(W, 'token')).value;
  const states = async () =>
    (await vault.versions.history(W, 'token')).map(({ version, state }) => `${version} ${state}`);
  return { ...world, vault, other, told, value, states };
}

onBothEngines((open) => {
  it('a staged version is used by nothing; promoted it is, and the one before it is retired, in one step', async (t) => {
    const { vault, told, value, states, clock } = await openVaults(t, open);
    clock.at += 1000;
    const staged = await vault.versions.stage(W, 'token', 'new', 'rotate', { setBy: 'user:eve', expiresAt: 9 });
    assert.deepEqual([staged.version, staged.from], [2, 1]);
    assert.equal(await value(), 'old');
    assert.deepEqual(await states(), ['2 staged', '1 current']);
    assert.equal((await vault.versions.value(W, 'token', 2)).value, 'new');
    assert.deepEqual(told, []);
    await vault.versions.promote(staged);
    assert.equal(await value(), 'new');
    assert.deepEqual(told, ['token']);
    const history = await vault.versions.history(W, 'token');
    assert.deepEqual(
      history.map(({ version, state, setBy, expiresAt, retiredAt }) => ({
        version,
        state,
        setBy,
        expiresAt,
        retiredAt,
      })),
      [
        { version: 2, state: 'current', setBy: 'user:eve', expiresAt: 9, retiredAt: null },
        { version: 1, state: 'retired', setBy: 'user:ada', expiresAt: null, retiredAt: clock.at },
      ],
    );
  });

  it('a discarded version leaves no value, and its number is never used again', async (t) => {
    const { vault, value, states } = await openVaults(t, open);
    await vault.versions.discard(await vault.versions.stage(W, 'token', 'wrong', 'rotate'));
    assert.deepEqual(await states(), ['1 current']);
    assert.equal(await value(), 'old');
    assert.equal(await vault.set(W, 'token', 'right', 'set'), 3);
  });

  it('while one is staged another is refused by the name of who has staged it, here and at another broker', async (t) => {
    const { vault, other } = await openVaults(t, open);
    const staged = await vault.versions.stage(W, 'token', 'new', 'rotate', { setBy: 'user:ada' });
    for (const each of [vault, other])
      await assert.rejects(each.versions.stage(W, 'token', 'newer', 'rotate'), {
        code: 'conflict',
        message: /^a rotation of the secret token is under way by user:ada, since .*\(version 2 is staged\)/,
      });
    await vault.versions.promote(staged);
    assert.equal((await other.versions.stage(W, 'token', 'newer', 'rotate')).version, 3, 'no number was lost');
  });

  it('what a broker that was killed has staged is thrown away by the next one once its lease has ended', async (t) => {
    const { vault, other, clock, states, value } = await openVaults(t, open);
    const staged = await vault.versions.stage(W, 'token', 'left', 'rotate', { setBy: 'user:ada' });
    assert.deepEqual(await other.versions.discardLeftOver(), []);
    clock.at += 30_000;
    assert.deepEqual(
      (await other.versions.discardLeftOver()).map(({ name, version, setBy }) => [name, version, setBy]),
      [['token', 2, 'user:ada']],
    );
    assert.deepEqual(await states(), ['1 current']);
    await assert.rejects(vault.versions.promote(staged), { code: 'conflict' });
    assert.equal(await value(), 'old');
    await vault.versions.stage(W, 'token', 'left again', 'rotate');
    clock.at += 30_000;
    assert.equal((await other.versions.stage(W, 'token', 'new', 'rotate')).version, 4);
  });

  it('where no other broker can be there it is thrown away at once, and at an orderly end, too', async (t) => {
    const { vault, reopen, clock, states } = await openVaults(t, open);
    await vault.versions.stage(W, 'token', 'left', 'rotate');
    const next = await createVault({ store: await reopen(), clock, masterKey, holder: 'next', isAlone: true });
    assert.equal((await next.versions.discardLeftOver()).length, 1);
    await next.versions.stage(W, 'token', 'left', 'rotate');
    assert.deepEqual(await next.versions.discardLeftOver(), [], 'its own is under way');
    await next.close();
    assert.deepEqual(await states(), ['1 current']);
  });

  it('what was set meanwhile stays', async (t) => {
    const { vault, value, states } = await openVaults(t, open);
    const staged = await vault.versions.stage(W, 'token', 'new', 'rotate');
    await vault.set(W, 'token', 'set meanwhile', 'set');
    await assert.rejects(vault.versions.promote(staged), {
      code: 'conflict',
      message: /token was set or removed by somebody else meanwhile: nothing was switched/,
    });
    await vault.versions.discard(staged);
    assert.equal(await value(), 'set meanwhile');
    assert.deepEqual(await states(), ['3 current', '1 retired']);
  });

  it('a retired version comes back as the current one, under its own number', async (t) => {
    const { vault, told, value, states } = await openVaults(t, open);
    await vault.set(W, 'token', 'new', 'set');
    told.length = 0;
    assert.equal(await vault.versions.restore(W, 'token', 1), 2);
    assert.deepEqual([await value(), await states(), told], ['old', ['2 retired', '1 current'], ['token']]);
    for (const version of [1, 7])
      await assert.rejects(vault.versions.restore(W, 'token', version), { code: 'not_found' });
    await assert.rejects(vault.versions.stage(W, 'other', 'x', 'rotate'), {
      code: 'not_found',
      message: /there is no secret named other: set it first/,
    });
    assert.equal(await vault.set(W, 'token', 'newest', 'set'), 3);
  });
});
