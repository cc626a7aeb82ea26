// Accounts at several brokers over one database: one refresh for all of them, and what each does where another has died in the middle of one.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { startOAuthUpstream } from '../../../test/upstreams/oauth-server.ts';
import { targetDigestOf } from '../domain/transports/transports.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import type { Store } from '../store/store.ts';
import { createVault } from '../vault/create-vault.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import { createAccounts } from './create-accounts.ts';

const BY_HAND = { name: 'host:root', address: null };
const HOUR_MS = 3_600_000;

onBothEngines((open) => {
  async function world(t: Parameters<OpenStoreUnderTest>[0]) {
    const upstream = await startOAuthUpstream();
    t.after(() => upstream.close());
    const under = await open(t);
    const { store } = under;
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    under.clock.now = clock.now;
    const masterKey = loadMasterKey({ dataDir: under.dataDir });
    const brokerOver = async (over: Store) =>
      createAccounts({
        vault: await createVault({ store: over, masterKey, clock }),
        ...{ store: over, audit: { event: () => Promise.resolve() }, clock, log: pino({ level: 'silent' }) },
        ...{ guardedFetch: createGuardedFetch({ allowHosts: [] }), publicUrl: 'https://broker.example' },
      });
    const person = { workspaceId: 'default', name: 'grace', email: null, role: 'member', groups: [] } as const;
    const owner = `user:${(await store.users.create(person)).id}` as const;
    const server = await store.servers.create({
      ...{ workspaceId: 'default', name: 'web', enabled: true, isolation: 'shared', trustAnnotations: false },
      transport: { kind: 'http', url: upstream.url, headers: {} },
      ...{ credential: 'personal', account: { kind: 'oauth' } },
    });
    const first = await brokerOver(store);
    upstream.person = 'grace';
    const begun = await first.begin(server, owner, undefined);
    const answer = await fetch(begun.url, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location') ?? '');
    assert.equal((await first.finish(back, begun.browserSecret, () => [owner], BY_HAND)).kind, 'connected');
    return {
      ...{ upstream, store, server, owner, first },
      second: await brokerOver(await under.reopen()),
      pass: (ms: number) => void (passedMs += ms),
      refreshes: () => upstream.asked.filter(({ kind }) => kind === 'refresh').length,
    };
  }

  it('are refreshed once, however many calls wait at each broker', async (t) => {
    const { upstream, server, owner, first, second, pass, refreshes } = await world(t);
    pass(HOUR_MS + 1_000);
    const waiting = Array.from({ length: 20 }, async (_, index) =>
      (index % 2 === 0 ? first : second).token(server, owner),
    );
    const tokens = await Promise.all(waiting);
    assert.equal(new Set(tokens.map((token) => JSON.stringify(token))).size, 1);
    assert.equal(tokens[0]?.kind, 'token');
    assert.deepEqual([refreshes(), upstream.reuses], [1, 0]);
    pass(HOUR_MS + 1_000);
    await second.token(server, owner);
    assert.deepEqual([refreshes(), upstream.reuses], [2, 0], 'and again when that one has ended');
  });

  it('are not refreshed with a token that a broker may have used when it died; what is left is used up', async (t) => {
    const { upstream, store, server, owner, second, pass, refreshes } = await world(t);
    const record = (await store.accounts.find(server.id, owner)) ?? assert.fail();
    const lease = { holder: 'killed', until: systemClock.now() + 15_000, evenIfInUse: false };
    assert.equal(await store.accounts.lease(record, lease), true);
    pass(HOUR_MS - 30_000);
    assert.equal((await second.token(server, owner)).kind, 'token');
    pass(60_000);
    assert.deepEqual(await second.token(server, owner), { kind: 'lacking', lack: 'expired' });
    assert.deepEqual([refreshes(), upstream.reuses], [0, 0]);
    assert.equal((await store.accounts.find(server.id, owner))?.state, 'expired');
  });

  it('whose answer was lost on its way are not refreshed with the same token again', async (t) => {
    const { upstream, server, owner, first, pass, refreshes } = await world(t);
    upstream.onRefreshed = () => {
      upstream.onRefreshed = undefined;
      upstream.cutAnswers();
      return Promise.resolve();
    };
    pass(HOUR_MS + 1_000);
    await assert.rejects(async () => first.token(server, owner), { code: 'unreachable' });
    pass(120_000);
    assert.deepEqual(await first.token(server, owner), { kind: 'lacking', lack: 'expired' });
    assert.deepEqual([refreshes(), upstream.reuses], [1, 0]);
  });

  it('are tried again where nothing was sent, or the provider said no without taking the token', async (t) => {
    const { upstream, server, owner, first, pass, refreshes } = await world(t);
    for (const status of [429, 500, 503]) {
      upstream.atToken = (_request, response) => {
        response.writeHead(status).end();
        return true;
      };
      pass(HOUR_MS + 1_000);
      await assert.rejects(async () => first.token(server, owner), { code: 'unreachable' }, String(status));
    }
    upstream.atToken = undefined;
    pass(120_000);
    assert.equal((await first.token(server, owner)).kind, 'token');
    assert.deepEqual([refreshes(), upstream.reuses], [1, 0]);
  });

  it('whose keys were given to connections are looked up again as long as they are there, and told once as gone', async (t) => {
    const { store, owner, first, second } = await world(t);
    const server = await store.servers.create({
      ...{ workspaceId: 'default', name: 'keyed', enabled: true, isolation: 'shared', trustAnnotations: false },
      transport: { kind: 'http', url: 'https://keyed.example/mcp', headers: { 'X-Key': '${account:KEY}' } },
      credential: 'personal',
      account: { kind: 'keys', fields: [{ name: 'KEY', label: 'Key', secret: true }] },
    });
    const given = { target: targetDigestOf(server.transport), values: { KEY: 'one' } };
    await first.setKeys(server, owner, given, BY_HAND);
    const told: string[] = [];
    for (const accounts of [first, second]) {
      assert.equal((await accounts.keys(server, owner)).kind, 'keys');
      accounts.onChange(({ state }) => told.push(`${accounts === first ? 'here' : 'there'} ${state}`));
      await accounts.elsewhere.recheck();
    }
    assert.deepEqual(told, []);
    await first.disconnect(server, owner, BY_HAND);
    await first.elsewhere.recheck();
    assert.deepEqual(told, ['here gone']);
    for (const _again of [1, 2]) await second.elsewhere.recheck();
    assert.deepEqual(told, ['here gone', 'there gone']);
  });
});
