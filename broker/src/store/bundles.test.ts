// Bundles are stored with the ids of their servers, and share their names with servers.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ServerRecord } from '../domain/server-record.ts';
import { onBothEngines } from './fixtures/both-engines.ts';
import type { Store } from './store.ts';

const server = (name: string): Parameters<Store['servers']['create']>[0] => ({
  workspaceId: 'default',
  name,
  enabled: true,
  isolation: 'shared',
  trustAnnotations: false,
  transport: { kind: 'http', url: `https://${name}.example/`, headers: {} },
});
const bundle = (name: string, of: readonly ServerRecord[] = []) => ({
  name,
  description: null,
  createdBy: 'test',
  tools: of.map(({ id, name: serverName }) => ({
    ...{ serverId: id, server: serverName, tool: 't', name: `${serverName}-t`, description: null, fixed: { a: [1] } },
  })),
});
const rename = (store: Store, { id, name }: ServerRecord, to: string) =>
  store.servers.rename(id, to, { from: name, rewrite: (what) => what });

onBothEngines((open) => {
  it('keep their tools when a server is renamed, and say that one is removed', async (t) => {
    const { store } = await open(t);
    const [git, wiki] = [await store.servers.create(server('git')), await store.servers.create(server('wiki'))];
    const made = await store.bundles.create('default', bundle('kit', [git, wiki]));
    assert.deepEqual(made.tools[0]?.fixed, { a: [1] });
    await rename(store, git, 'forge');
    await store.servers.remove(wiki.id);
    const [kept] = await store.bundles.list('default');
    assert.deepEqual(
      kept?.tools.map((tool) => [tool.server, tool.name]),
      [
        ['forge', 'git-t'],
        [null, 'wiki-t'],
      ],
    );
  });

  it('share one namespace with servers, whoever comes first', async (t) => {
    const { store } = await open(t);
    const git = await store.servers.create(server('git'));
    await store.bundles.create('default', bundle('kit'));
    const taken = { code: 'conflict', message: /share their names/ };
    await assert.rejects(store.bundles.create('default', bundle('git')), taken);
    await assert.rejects(store.servers.create(server('kit')), taken);
    await assert.rejects(rename(store, git, 'kit'), taken);
    await assert.rejects(store.bundles.create('default', bundle('kit')), { code: 'conflict' });
    for (let round = 0; round < 5; round++) {
      const name = `both-${round}`;
      const made = await Promise.allSettled([
        store.servers.create(server(name)),
        store.bundles.create('default', bundle(name)),
      ]);
      assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1, name);
    }
  });

  it('raise the version of the policy with each change, and end as the default of groups when they are removed', async (t) => {
    const { store } = await open(t);
    const version = async () => (await store.policy.snapshot('default')).version;
    const before = await version();
    await store.bundles.create('default', bundle('kit'));
    await store.groups.add('default', 'eng', []);
    assert.equal(await store.bundles.setDefault('default', 'eng', 'kit'), null);
    assert.deepEqual((await store.policy.snapshot('default')).bundles?.[0]?.groups, ['eng']);
    const changed = await store.bundles.update('default', 'kit', ({ tools }) => ({ tools, description: 'new' }));
    assert.deepEqual([changed.before.description, changed.after.description], [null, 'new']);
    assert.equal(await version(), before + 3);
    await store.bundles.remove('default', 'kit');
    assert.equal(await store.bundles.setDefault('default', 'eng', null), null);
    await assert.rejects(store.bundles.remove('default', 'kit'), { code: 'not_found' });
    await assert.rejects(store.bundles.setDefault('default', 'nobody', null), { code: 'not_found' });
  });
});
