// What people and the company have at servers: one refresh at a time, and never the same refresh token twice.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { targetOf } from '../domain/transports/transports.ts';
import { onBothEngines, type OpenStoreUnderTest } from './fixtures/both-engines.ts';

type Context = Parameters<OpenStoreUnderTest>[0];

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

onBothEngines((open) => {
  async function world(t: Context) {
    const under = await open(t);
    const { store } = under;
    const ada = await store.users.create({
      workspaceId: 'default',
      name: 'ada',
      email: null,
      role: 'member',
      groups: [],
    });
    const transport = { kind: 'http', url: 'https://wiki.example/mcp', headers: {} } as const;
    const server = { workspaceId: 'default', name: 'wiki', enabled: true, isolation: 'shared', transport } as const;
    const account = { kind: 'oauth', scopes: ['read'] } as const;
    const wiki = await store.servers.create({ ...server, trustAnnotations: false, credential: 'personal', account });
    assert.deepEqual([wiki.credential, wiki.account], ['personal', account]);
    const owner = `user:${ada.id}` as const;
    const of = { workspaceId: 'default', serverId: wiki.id, owner };
    const target = targetOf(transport);
    const tryToPut = (text = 'first') =>
      store.accounts.put({ ...of, target, kind: 'oauth', sealed: bytes(text), scopes: ['read'], expiresAt: 5 });
    const put = async (text?: string) => (await tryToPut(text)) ?? assert.fail('it was not kept');
    return { ...under, ada, wiki, owner, of, target, put, tryToPut };
  }

  it('are kept for their owner, replaced as the next version, and go with their person and their server', async (t) => {
    const { store, ada, wiki, owner, target, put } = await world(t);
    await put();
    const second = await put('second');
    assert.deepEqual([second.version, second.state, Buffer.from(second.sealed).toString()], [2, 'ready', 'second']);
    await store.accounts.put({
      ...{ workspaceId: 'default', serverId: wiki.id, owner: 'shared', target, kind: 'oauth' },
      ...{ sealed: bytes('all'), scopes: [], expiresAt: null },
    });
    assert.deepEqual(
      (await store.accounts.ofServer(wiki.id)).map((each) => each.owner),
      ['shared', owner],
    );
    assert.deepEqual(
      (await store.accounts.ofOwner('default', owner)).map((each) => each.serverId),
      [wiki.id],
    );
    await store.users.remove(ada.id);
    assert.deepEqual(
      (await store.accounts.ofServer(wiki.id)).map((each) => each.owner),
      ['shared'],
    );
    await store.servers.remove(wiki.id);
    assert.deepEqual(await store.accounts.ofServer(wiki.id), []);
  });

  it('are kept only while their person and their server are enabled, and the server is where it was', async (t) => {
    const { store, ada, wiki, tryToPut } = await world(t);
    const { transport } = wiki;
    const kept = async () => [(await tryToPut()) !== undefined, (await store.accounts.ofServer(wiki.id)).length];
    await store.users.setDisabled(ada.id, 1);
    assert.deepEqual(await kept(), [false, 0]);
    await store.users.setDisabled(ada.id, null);
    await store.servers.update(wiki.id, { enabled: false });
    assert.deepEqual(await kept(), [false, 0]);
    await store.servers.update(wiki.id, {
      enabled: true,
      transport: { kind: 'http', url: 'https://other.example/mcp', headers: {} },
    });
    assert.deepEqual(await kept(), [false, 0]);
    await store.servers.update(wiki.id, { transport });
    assert.deepEqual(await kept(), [true, 1]);
    await store.servers.remove(wiki.id);
    assert.deepEqual(await kept(), [false, 0]);
  });

  it('are refreshed by one at a time, of all brokers', async (t) => {
    const { store, reopen, clock, of, put } = await world(t);
    const { version } = await put();
    const others = await reopen();
    const until = clock.now() + 1_000;
    const tries = [store, others, store, others].map(({ accounts }, index) =>
      accounts.lease({ ...of, version }, { holder: String(index), until, evenIfInUse: false }),
    );
    assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
    const fresh = { sealed: bytes('next'), scopes: ['read', 'write'], expiresAt: 9 };
    const next = await store.accounts.refreshed({ ...of, version }, fresh);
    assert.deepEqual([next?.version, next?.scopes, next?.expiresAt], [2, ['read', 'write'], 9]);
    assert.equal(await others.accounts.refreshed({ ...of, version }, fresh), undefined, 'that version is over');
    const again = { holder: 'x', until, evenIfInUse: false };
    assert.equal(await others.accounts.lease({ ...of, version }, again), false, 'and nobody refreshes it any more');
    assert.equal(await others.accounts.lease({ ...of, version: 2 }, again), true);
  });

  it('whose refresh token may have been used are leased again only by who says so, once the lease is over', async (t) => {
    const { store, clock, of, put } = await world(t);
    const { version } = await put();
    const { accounts } = store;
    const lease = (holder: string, evenIfInUse: boolean) =>
      accounts.lease({ ...of, version }, { holder, until: clock.now() + 1_000, evenIfInUse });
    assert.equal(await lease('killed', false), true);
    assert.equal(await lease('early', true), false);
    clock.at += 1_000;
    assert.equal(await lease('careful', false), false);
    assert.deepEqual(await accounts.leaseOf(of.serverId, of.owner), {
      until: clock.now(),
      inUseSince: clock.now() - 1_000,
    });
    assert.equal(await lease('sure', true), true);
    await accounts.release(of, 'killed', { wasUsed: false });
    assert.notEqual(
      (await accounts.leaseOf(of.serverId, of.owner))?.until,
      null,
      'a lease is given back by its holder',
    );
    await accounts.release(of, 'sure', { wasUsed: true });
    assert.equal(await lease('careful', false), false, 'it may have been used');
    assert.equal(await lease('sure', true), true);
    await accounts.release(of, 'sure', { wasUsed: false });
    assert.deepEqual(await accounts.leaseOf(of.serverId, of.owner), { until: null, inUseSince: null });
    assert.equal(await lease('next', false), true, 'one that was given back was not used');
  });

  it('expire once, and what was made meanwhile does not', async (t) => {
    const { store, of, put } = await world(t);
    const { version } = await put();
    assert.equal(await store.accounts.expire({ ...of, version: version + 1 }), false);
    assert.equal(await store.accounts.expire({ ...of, version }), true);
    assert.equal(await store.accounts.expire({ ...of, version }), false);
    const lease = { holder: 'x', until: 10, evenIfInUse: true };
    assert.equal(await store.accounts.lease({ ...of, version }, lease), false, 'nothing is left to refresh');
    await store.accounts.want(of, ['write']);
    assert.deepEqual((await store.accounts.find(of.serverId, of.owner))?.wanted, ['write']);
    const again = await put();
    assert.deepEqual([again.state, again.wanted], ['ready', []]);
    assert.equal(await store.accounts.remove(of), true);
    assert.equal(await store.accounts.remove(of), false);
    assert.equal(await store.accounts.leaseOf(of.serverId, of.owner), undefined);
  });
});
