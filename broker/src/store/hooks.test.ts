// Hooks are stored by kind; the one that is asked about calls is a part of the policy.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { NewHook } from './repositories/hooks.ts';

const BASE = {
  ...{ url: 'https://authz.example/decide', enabled: true, timeoutMs: 300, secret: 'key', bearer: null },
  ...{ managedBy: 'gate.yaml', createdBy: 'test' },
};
const AUTHORIZE: NewHook = {
  ...{ ...BASE, name: 'authorize', kind: 'authorize', what: ['write:git'], approvers: ['group:leads'] },
  sendsArguments: false,
};
const PAGER: NewHook = {
  ...{ ...BASE, name: 'pager', kind: 'approvals', format: 'slack', signingSecret: 'signing' },
  ...{ people: { U02: 'user:ada', ünï: 'user:bob' }, byEmail: true },
};

onBothEngines((open) => {
  it('are kept with all that they are made of, by their names', async (t) => {
    const { store } = await open(t);
    const made = await store.hooks.create('default', PAGER);
    const { createdAt, updatedAt, ...rest } = made;
    assert.deepEqual(rest, PAGER);
    assert.ok(createdAt === updatedAt && createdAt > 0);
    const other = await store.hooks.create('default', AUTHORIZE);
    assert.deepEqual(await store.hooks.list('default'), [other, made]);
    assert.deepEqual(await store.hooks.find('default', 'authorize'), other);
    await assert.rejects(store.hooks.create('default', PAGER), { code: 'conflict' });
    assert.equal(await store.hooks.find('default', 'nobody'), undefined);
  });

  it('are changed as their present state says, and not where they are not', async (t) => {
    const { store } = await open(t);
    await store.hooks.create('default', PAGER);
    const { before, after } = await store.hooks.update('default', 'pager', (now) => ({ ...now, enabled: false }));
    assert.deepEqual([before.enabled, after.enabled], [true, false]);
    assert.deepEqual((await store.hooks.find('default', 'pager'))?.enabled, false);
    await assert.rejects(
      store.hooks.update('default', 'nobody', (now) => now),
      { code: 'not_found' },
    );
    assert.equal((await store.hooks.remove('default', 'pager'))?.name, 'pager');
    assert.equal(await store.hooks.remove('default', 'pager'), undefined);
  });

  it('raise the version of the policy where they are asked about calls, and only then; disabled they are no part of it', async (t) => {
    const { store } = await open(t);
    const policy = async () => await store.policy.snapshot('default');
    const { version } = await policy();
    await store.hooks.create('default', PAGER);
    await store.hooks.remove('default', 'pager');
    assert.deepEqual([(await policy()).version, (await policy()).hook], [version, undefined]);
    const hook = await store.hooks.create('default', AUTHORIZE);
    assert.deepEqual([(await policy()).version, (await policy()).hook], [version + 1, hook]);
    await store.hooks.update('default', 'authorize', (now) => ({ ...now, enabled: false }));
    assert.deepEqual([(await policy()).version, (await policy()).hook], [version + 2, undefined]);
    await store.hooks.remove('default', 'authorize');
    assert.equal((await policy()).version, version + 3);
  });

  it('forget who was removed, so that whoever gets the same name later is not taken for them', async (t) => {
    const { store } = await open(t);
    const addAda = () =>
      store.users.create({ workspaceId: 'default', name: 'ada', email: null, role: 'admin', groups: [] });
    const ada = await addAda();
    await store.hooks.create('default', PAGER);
    await store.users.remove(ada.id);
    await addAda();
    const now = await store.hooks.find('default', 'pager');
    assert.deepEqual(now?.kind === 'approvals' && now.people, { ünï: 'user:bob' });
  });
});
