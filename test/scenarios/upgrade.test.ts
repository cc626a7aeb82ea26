// A broker of this version on the database that an earlier release left: everything in it is there and works, and its log goes on.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { putRelease, RELEASES, type Release } from '../../broker/src/store/fixtures/releases.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { createWorld } from '../world.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

async function upgraded(t: TestContext, release: Release, databaseUrl: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-upgrade-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'data');
  const facts = await putRelease(release, { dataDir, databaseUrl });
  const brokerEnv = { MCPGATE_SECRET_OUTSIDE: 'outside' };
  const world = await createWorld(t, {
    ...{ direct: true, open: false, dataDir, brokerEnv },
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  const { broker } = world;
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${facts.secret.value}`] });
  t.after(() => upstream.close());

  const names = async (...words: string[]) =>
    ((await broker.json(words)) as { name: string }[]).map(({ name }) => name).toSorted();
  assert.deepEqual(await names('user', 'list'), facts.users);
  assert.deepEqual(await names('server', 'list'), ['counting', 'own']);
  assert.deepEqual(await names('bundle', 'list'), ['reading']);
  assert.deepEqual(await names('user', 'list', '--workspace', 'team-b'), ['grace']);
  const rules = (await broker.json(['rule', 'list'])) as object[];
  assert.equal(rules.length, facts.tables['rules']);
  const calls = (await broker.json(['audit', 'search', '--limit', '500'])) as object[];
  assert.equal(calls.length, facts.calls);

  await broker.run(['server', 'set', 'counting', '--url', upstream.url]);
  const caller = await openMcpCaller(broker.listenUrl, facts.grants.live);
  assert.equal(await caller.call('counting__echo', { text: 'on the new version' }), 'on the new version');
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${facts.secret.value}`);
  await assert.rejects(openMcpCaller(broker.listenUrl, facts.grants.revoked));
  assert.equal(((await broker.json(['audit', 'search', '--limit', '500'])) as object[]).length, facts.calls + 1);
}

for (const release of RELEASES) {
  test(`the database of release ${release} on SQLite: everything is there, secrets open, grants are good or revoked as before`, (t) =>
    upgraded(t, release, undefined));
  test(`the database of release ${release} on PostgreSQL: the same`, async (t) =>
    upgraded(t, release, await postgres?.createDatabase()));
}
