// A server that is renamed: what names it goes along in one transaction, and what it was called is kept.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventRow, intentRow } from './fixtures/audit-rows.ts';
import { onBothEngines, type OpenStoreUnderTest } from './fixtures/both-engines.ts';

const WORKSPACE = 'default';
const rewrite = (what: string): string => what.replace(/^gh__/, 'github__');

onBothEngines((open) => {
  async function world(t: Parameters<OpenStoreUnderTest>[0]) {
    const under = await open(t);
    const { store, clock } = under;
    const add = (name: string) =>
      store.servers.create({
        ...{ workspaceId: WORKSPACE, name, enabled: true, isolation: 'shared', trustAnnotations: false },
        transport: { kind: 'http', url: `https://${name}.example/mcp`, headers: {} },
      });
    const rule = (what: string[]) =>
      store.policy.addRule(WORKSPACE, { effect: 'allow', who: ['*'], what, createdBy: 'x' });
    const grant = (label: string, servers: string[]) =>
      store.grants.create({
        ...{ workspaceId: WORKSPACE, label, userId: null, tokenHash: `hash ${label}`, servers, allowFrom: [] },
        ...{ expiresAt: null, createdBy: 'x' },
      });
    let seq = 0;
    await store.audit.beginChain('w1');
    const log = async ({ server, subject = null }: { server?: string; subject?: string | null }) => {
      seq += 1;
      clock.at += 1000;
      const common = { workspaceId: WORKSPACE, ms: clock.at };
      const row =
        server === undefined
          ? eventRow(seq, { ...common, subject })
          : intentRow(seq, { ...common, server, toolName: null });
      await store.audit.append([row]);
      return row.id;
    };
    const found = async (server: string) => {
      const query = { workspaceId: WORKSPACE, server, limit: 100 };
      const calls = (await store.audit.calls(query)).map(({ intent }) => intent.id);
      return [...calls, ...(await store.audit.events(query)).map(({ id }) => id)].sort();
    };
    return { ...under, add, rule, grant, log, found };
  }

  it('takes the rules and grants that name it along, and nothing else', async (t) => {
    const { store, add, rule, grant } = await world(t);
    const gh = await add('gh');
    const exact = await rule(['gh__*', 'other__x']);
    const wild = await rule(['g*']);
    const bound = await grant('ci', ['gh', 'wiki']);
    await grant('other', ['wiki']);
    const { version } = await store.policy.snapshot(WORKSPACE);

    const renamed = await store.servers.rename(gh.id, 'github', { from: 'gh', rewrite });
    assert.deepEqual(renamed.rules, [
      { id: exact.id, before: ['gh__*', 'other__x'], after: ['github__*', 'other__x'] },
    ]);
    assert.deepEqual(renamed.grants, [{ id: bound.id, label: 'ci' }]);
    assert.deepEqual([renamed.server.id, renamed.server.name, renamed.server.revision], [gh.id, 'github', 2]);
    const policy = await store.policy.snapshot(WORKSPACE);
    assert.deepEqual(
      policy.rules.map(({ id, what }) => [id, what]),
      [
        [exact.id, ['github__*', 'other__x']],
        [wild.id, ['g*']],
      ],
    );
    assert.ok(policy.version > version, 'brokers read the rules again');
    const grants = await store.grants.list(WORKSPACE);
    const serversOf = (label: string) => grants.find((each) => each.label === label)?.servers;
    assert.deepEqual([serversOf('ci'), serversOf('other')], [['github', 'wiki'], ['wiki']]);
  });

  it('changes nothing at all where the name is taken, or the record is not the one that was read', async (t) => {
    const { store, add, rule } = await world(t);
    const gh = await add('gh');
    await add('github');
    await rule(['gh__*']);
    const before = [await store.servers.list(WORKSPACE), await store.policy.snapshot(WORKSPACE)];
    const refused = store.servers.rename(gh.id, 'github', { from: 'gh', rewrite });
    await assert.rejects(refused, { code: 'conflict', message: /a server named github exists already/ });
    await assert.rejects(store.servers.rename(gh.id, 'hub', { from: 'gh', rewrite, ifRevision: 7 }), { code: 'stale' });
    await assert.rejects(store.servers.rename(gh.id, 'hub', { from: 'else', rewrite }), { code: 'stale' });
    await assert.rejects(store.servers.rename('none', 'hub', { from: 'gh', rewrite }), { code: 'not_found' });
    assert.deepEqual([await store.servers.list(WORKSPACE), await store.policy.snapshot(WORKSPACE)], before);
  });

  it('by two at once gets the name that one of them gives it, and the rules have that one, too', async (t) => {
    const { store, add, rule } = await world(t);
    const gh = await add('gh');
    await rule(['gh__*']);
    const give = (to: string) =>
      store.servers.rename(gh.id, to, { from: 'gh', rewrite: (what) => what.replace(/^gh__/, `${to}__`) });
    const outcomes = await Promise.allSettled([give('github'), give('hub')]);
    const lost = outcomes.flatMap((each) => (each.status === 'rejected' ? [Object(each.reason).code] : []));
    assert.deepEqual(lost, ['stale']);
    const [server] = await store.servers.list(WORKSPACE);
    assert.deepEqual((await store.policy.snapshot(WORKSPACE)).rules[0]?.what, [`${server?.name}__*`]);
  });

  it('is meant by a name that it had, until another server gets that name', async (t) => {
    const { store, clock, add } = await world(t);
    const first = await add('gh');
    clock.at += 1000;
    await store.servers.rename(first.id, 'hub', { from: 'gh', rewrite });
    clock.at += 1000;
    await store.servers.rename(first.id, 'github', { from: 'hub', rewrite });
    const former = async (name: string) =>
      [...((await store.servers.byName(WORKSPACE, name))?.formerNames ?? [])].sort();
    assert.deepEqual(await former('github'), ['gh', 'hub']);
    clock.at += 1000;
    const second = await add('gh');
    assert.deepEqual(await former('github'), ['hub']);
    // The last one that had it is meant, and nobody where that one is gone.
    clock.at += 1000;
    await store.servers.rename(second.id, 'other', { from: 'gh', rewrite });
    assert.deepEqual([await former('github'), await former('other')], [['hub'], ['gh']]);
    await store.servers.remove(second.id);
    assert.deepEqual(await former('github'), ['hub']);
  });

  it('keeps the folder of its first name, which a server that gets that name later does not share', async (t) => {
    const { store, add } = await world(t);
    const first = await add('gh');
    const { server } = await store.servers.rename(first.id, 'github', { from: 'gh', rewrite });
    const second = await add('gh');
    await store.servers.rename(second.id, 'other', { from: 'gh', rewrite });
    const third = await add('gh');
    assert.deepEqual([server.folder, second.folder, third.folder], ['gh', 'gh.2', 'gh.3']);
  });

  it('is found in the log by either name, without what other servers did under one of them', async (t) => {
    const { store, clock, add, log, found } = await world(t);
    const first = await add('gh');
    const asGh = await log({ server: 'gh' });
    const changed = await log({ subject: 'server:gh' });
    clock.at += 1000;
    await store.servers.rename(first.id, 'github', { from: 'gh', rewrite });
    const asGithub = await log({ server: 'github' });
    const own = [asGh, changed, asGithub].sort();
    assert.deepEqual(await found('gh'), own);
    assert.deepEqual(await found('github'), own);

    clock.at += 1000;
    const second = await add('gh');
    const ofOther = await log({ server: 'gh' });
    assert.deepEqual(await found('github'), own);
    assert.deepEqual(await found('gh'), [...own, ofOther].sort(), 'who asks for a name gets all that was called so');
    await store.servers.remove(second.id);
    await store.servers.remove(first.id);
    assert.deepEqual(await found('github'), own, 'also when it is gone');
    assert.deepEqual(await found('unheard'), []);
  });

  it('is changed only at the revision that was read, where that is asked for', async (t) => {
    const { store, add } = await world(t);
    const gh = await add('gh');
    assert.equal(gh.revision, 1);
    const [one, two] = await Promise.allSettled([
      store.servers.update(gh.id, { isolation: 'per-user' }, 1),
      store.servers.update(gh.id, { isolation: 'per-session' }, 1),
    ]);
    assert.deepEqual([one.status, two.status].sort(), ['fulfilled', 'rejected'], 'two at once');
    const lost = one.status === 'rejected' ? one : two;
    assert.equal(lost.status === 'rejected' && Object(lost.reason).code, 'stale');
    assert.equal((await store.servers.byName(WORKSPACE, 'gh'))?.revision, 2);
    assert.equal((await store.servers.update(gh.id, { enabled: false })).revision, 3);
  });
});
