import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { createAudit } from '../../audit/create-audit.ts';
import { TEST_KEYS } from '../../audit/fixtures/test-keys.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import type { Store } from '../../store/store.ts';
import { createVault } from '../../vault/create-vault.ts';
import { loadMasterKey } from '../../vault/master-key.ts';
import type { Vault } from '../../vault/vault.ts';
import { importServers } from './server-import.ts';
import type { Caller } from '../operation.ts';

const W = 'default';
const admin: Caller = {
  actor: { name: 'ada', address: null },
  role: 'admin',
  workspaceId: W,
  homeWorkspaceId: W,
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
};

interface World {
  store: Store;
  vault: Vault;
  /** Imports a server of this name and these headers. `planned` is awaited once it is known what the import will do. */
  imports(name: string, headers: Record<string, string>, planned?: () => Promise<void>): Promise<unknown>;
  /** What a server would be sent. */
  sent(name: string): Promise<string[]>;
}

async function world(t: TestContext, open: OpenStoreUnderTest): Promise<World> {
  const under = await open(t);
  const { store, clock } = under;
  const vault = await createVault({ ...under, masterKey: loadMasterKey({ dataDir: under.dataDir }) });
  const audit = createAudit({ store, clock, writerId: 'w1', log: pino({ level: 'silent' }), keys: TEST_KEYS });
  const upstreams = { processIsolation: () => Promise.resolve('sandbox' as const), reload: () => Promise.resolve() };
  return {
    store,
    vault,
    imports(name, headers, planned) {
      let turns = 0;
      const seen: Vault = {
        ...vault,
        async list(workspaceId) {
          const list = await vault.list(workspaceId);
          if (turns++ === 0) await planned?.();
          return list;
        },
      };
      return importServers(
        { store, vault: seen, audit, allowedCommands: [], upstreams: Object.assign(Object.create(null), upstreams) },
        {
          mcpServers: { [name]: { url: `https://${name}.example/mcp`, headers } },
          isolation: {},
          trust_annotations: [],
          inputs: [],
          plain: [],
          dry_run: false,
        },
        admin,
      );
    },
    async sent(name) {
      const record = await store.servers.byName(W, name);
      assert.ok(record?.transport.kind === 'http', `${name} is registered`);
      const texts = Object.values(record.transport.headers).map((text) => vault.resolve(W, text));
      return (await Promise.all(texts)).map(({ value }) => value);
    },
  };
}

/** Each waits until all have come. */
function meeting(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return () => {
    left -= 1;
    if (left === 0) resolve();
    return promise;
  };
}

onBothEngines((open) => {
  it('two imports at once that make up one name keep their secrets apart', async (t) => {
    const { imports, sent, vault } = await world(t, open);
    const meet = meeting(2);
    // `a` with `b-token`, and `a-b` with `token`, are both the secret `a-b-token`.
    await Promise.all([
      imports('a', { 'B-Token': 'opaque-of-a-9fK2LmX4vT7' }, meet),
      imports('a-b', { Token: 'opaque-of-b-7pKc2NdYw6H' }, meet),
    ]);
    assert.deepEqual(await sent('a'), ['opaque-of-a-9fK2LmX4vT7']);
    assert.deepEqual(await sent('a-b'), ['opaque-of-b-7pKc2NdYw6H']);
    const versions = (await vault.list(W)).map(({ version }) => version);
    assert.deepEqual(versions, [1, 1], 'neither was set a second time');
  });

  it('of the same server at once become two servers, each with its own secret', async (t) => {
    const { imports, sent, store } = await world(t, open);
    const meet = meeting(2);
    await Promise.all([
      imports('svc', { Token: 'opaque-one-9fK2LmX4vT7' }, meet),
      imports('svc', { Token: 'opaque-two-7pKc2NdYw6H', 'X-Other': 'b' }, meet),
    ]);
    assert.deepEqual((await store.servers.list(W)).map(({ name }) => name).toSorted(), ['svc', 'svc-2']);
    const all = [...(await sent('svc')), ...(await sent('svc-2'))];
    assert.deepEqual(all.toSorted(), ['b', 'opaque-one-9fK2LmX4vT7', 'opaque-two-7pKc2NdYw6H']);
  });

  it('a name that is made up for a placeholder is not that of a secret which comes meanwhile', async (t) => {
    const { imports, sent, vault } = await world(t, open);
    await imports('a', { 'B-Token': '${input:token}' }, () =>
      imports('a-b', { Token: 'opaque-of-b-7pKc2NdYw6H' }).then(() => undefined),
    );
    assert.deepEqual(await sent('a-b'), ['opaque-of-b-7pKc2NdYw6H']);
    await assert.rejects(sent('a'), /no secret named a-b-token-\d/);
    assert.equal((await vault.list(W)).length, 1);
  });

  it('a name that is made up for a secret is not that of one which a server waits for', async (t) => {
    const { imports, sent } = await world(t, open);
    await imports('a-b', { Token: 'opaque-of-b-7pKc2NdYw6H' }, () =>
      imports('a', { 'B-Token': '${input:token}' }).then(() => undefined),
    );
    assert.deepEqual(await sent('a-b'), ['opaque-of-b-7pKc2NdYw6H']);
    await assert.rejects(sent('a'), /no secret named a-b-token:/);
  });

  it('a secret that somebody sets meanwhile stays what it is', async (t) => {
    const { imports, sent, vault } = await world(t, open);
    await imports('svc', { Token: 'opaque-one-9fK2LmX4vT7' }, async () => {
      await vault.set(W, 'svc-token', 'set by hand', 'set');
    });
    assert.equal((await vault.value(W, 'svc-token')).value, 'set by hand');
    assert.deepEqual(await sent('svc'), ['opaque-one-9fK2LmX4vT7']);
  });
});
