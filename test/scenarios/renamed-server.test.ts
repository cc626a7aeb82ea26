// A server gets another name while people work, at a broker that is killed at a bad moment, and at one of two brokers.
import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { adminPost } from '../world/admin-post.ts';
import { callOn } from '../world/people/call-on.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

async function openWorld(t: TestContext, databaseUrl?: string) {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const servers = { counting: { url: upstream.url } };
  const world = await createWorld(t, { servers, open: false, ...(databaseUrl !== undefined && { databaseUrl }) });
  await world.broker.run(['rule', 'add', '--allow', '--who', '*', '--what', 'counting__*']);
  return { upstream, world };
}

interface Named {
  name: string;
  servers: string[];
  what: string[];
}

test('calls by the former name go on while a server is renamed, in a client that never asks for the list again', async (t) => {
  const { upstream, world } = await openWorld(t);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  const load = callOn(client, 'during');
  await load.answered(3);
  await world.broker.run(['server', 'rename', 'counting', 'ledger']);
  await load.answered(3);
  assert.ok((await load.stop()) >= 6);
  assert.equal(upstream.refused, 0);
  const fresh = await ada.aiClient();
  assert.ok((await fresh.toolNames()).includes('ledger__echo'));
});

for (const kind of ['SQLite', 'PostgreSQL'] as const)
  test(`a broker that is killed in a rename has done all of it or nothing (${kind})`, async (t) => {
    const { world } = await openWorld(t, kind === 'SQLite' ? undefined : await postgres?.createDatabase());
    const { broker } = world;
    await broker.run(['grant', 'issue', '--label', 'ci', '--server', 'counting']);
    const state = async () => {
      const [server] = (await broker.json(['server', 'list'])) as Named[];
      const [grant] = (await broker.json(['grant', 'list'])) as Named[];
      const [rule] = (await broker.json(['rule', 'list'])) as Named[];
      return { name: server?.name ?? '', grant: grant?.servers, rule: rule?.what };
    };
    const rename = (from: string, to: string) => adminPost(broker.dataDir, `/servers/${from}/rename`, { to });
    const names = new Set<string>();
    let { name } = await state();
    for (let round = 0; round < 3; round += 1) {
      const to = `name-${round}`;
      // A write of the database's files is the middle of it; with PostgreSQL it is a moment after the request.
      const killed = new Promise<unknown>((resolve) => {
        if (kind === 'PostgreSQL') return void setImmediate(() => resolve(broker.stop('SIGKILL')));
        const watcher = watch(broker.dataDir, (_event, file) => {
          if (file?.startsWith('mcpgate.db') !== true) return;
          watcher.close();
          resolve(broker.stop('SIGKILL'));
        });
      });
      const outcome = rename(name, to).then(
        () => 'answered',
        () => 'cut off',
      );
      await killed;
      const said = await outcome;
      await broker.start();
      const now = await state();
      assert.deepEqual(now, { name: now.name, grant: [now.name], rule: [`${now.name}__*`] }, `round ${round}`);
      assert.ok([name, to].includes(now.name));
      if (said === 'answered') assert.equal(now.name, to, 'what was told is so');
      name = now.name;
      names.add(name);
      // One of the rounds is to find another name than the one before.
      if (round === 1) {
        await rename(name, `then-${round}`);
        name = `then-${round}`;
      }
    }
    const client = await (await world.member('ada')).aiClient();
    assert.equal((await client.call(`${name}__echo`, { text: 'still here' })).text, 'still here');
  });

test('at one of two brokers a rename holds at the other, too, for who is there: rules, lists and grants', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { world } = await openWorld(t, databaseUrl);
  const second = await startSecondBroker(t, world, databaseUrl);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  assert.ok((await client.toolNames()).includes('counting__echo'));
  await second.run(['server', 'rename', 'counting', 'ledger']);
  await until('the list of the first broker has the new name', async () =>
    (await client.toolNames()).includes('ledger__echo'),
  );
  assert.equal((await client.call('ledger__echo', { text: 'new' })).text, 'new');
  assert.equal((await client.call('counting__echo', { text: 'former' })).text, 'former');
});
