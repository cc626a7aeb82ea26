// Backups and restores that are broken off: whoever is killed, and wherever the disk is full, there is a whole one or none, and the broker goes on.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from '../postgres.ts';
import { BROKER } from '../world/broker.ts';
import { searchEvents } from '../world/call-rows.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { runCommand, startCommand } from '../world/command.ts';
import { forSoLong } from '../world/for-so-long.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { createSmallDisk } from '../world/small-disk.ts';
import { until } from '../world/until.ts';
import { FAT_ROWS, fatten, grantOf, type Made } from '../world/backups.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const partIn = (folder: string): string | undefined =>
  readdirSync(folder).find((name) => name.includes('.part') && statSync(join(folder, name)).size > 100_000);

/** One world for all of it: each part leaves a broker that runs. */
async function survives(t: TestContext, databaseUrl: string | undefined): Promise<void> {
  const { world, upstream } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
  const { broker, root } = world;
  await fatten(broker, databaseUrl);
  const token = await grantOf(broker, 'ci');
  const env = { PATH: process.env['PATH'] };

  await t.test('a command that is killed while it backs up leaves no backup', async () => {
    const file = join(root, 'killed.backup');
    const command = [process.execPath, BROKER, 'backup', file, '--data', broker.dataDir] as const;
    const running = startCommand(command, { env, cwd: root });
    const part = await until('some of it', () => partIn(root));
    await running.stop('SIGKILL');
    assert.deepEqual([existsSync(file), existsSync(join(root, part))], [false, true]);
    const [first] = await searchEvents(broker, 'backup.*');
    assert.equal(first?.type, 'backup.begun', 'what was not taken whole is not told as sent');
    rmSync(join(root, part));
  });

  await t.test('calls go on while backups are made, and of two that want the same name one gets it', async () => {
    const caller = await openMcpCaller(broker.listenUrl, token);
    const before = upstream.calls.length;
    let done = false;
    const [one, two, three] = [join(root, 'one.backup'), join(root, 'two.backup'), join(root, 'three.backup')];
    const make = (...files: string[]) => Promise.all(files.map((file) => broker.cli(['backup', file, '--json'])));
    const backups = make(one, two).finally(() => (done = true));
    let calls = 0;
    while (!done) {
      assert.equal(await caller.call('counting__echo', { text: `${calls}` }), `${calls}`);
      calls += 1;
      await forSoLong(20); // one call after the other would keep a processor from the backups
    }
    const made = (await backups).filter(({ code }) => code === 0).map(({ stdout }) => JSON.parse(stdout) as Made);
    assert.deepEqual(
      made.map(({ tables }) => tables['departures']),
      [FAT_ROWS, FAT_ROWS],
    );
    assert.ok(calls > 0 && upstream.calls.length - before === calls);
    const same = await make(three, three);
    assert.equal(same.filter(({ code }) => code === 0).length, 1);
  });

  await t.test('a broker that is killed while it is backed up leaves no backup, and the command says so', async () => {
    const file = join(root, 'broken-off.backup');
    const backup = broker.cli(['backup', file]);
    await until('some of it', () => partIn(root));
    await broker.stop('SIGKILL');
    const { code, stderr } = await backup;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /the broker broke the backup off/);
    assert.deepEqual(
      readdirSync(root).filter((name) => name.startsWith('broken-off.backup')),
      [],
    );
    await broker.start();
  });

  if (databaseUrl === undefined)
    await t.test('a full disk under the file ends the backup with a clear error, and leaves nothing', async () => {
      const disk = createSmallDisk(t);
      disk.fill(broker.pid);
      const file = join(disk.folder, 'it.backup');
      const words = [process.execPath, BROKER, 'backup', file, '--data', broker.dataDir] as const;
      const { code, stderr } = await runCommand(disk.isSmall ? words : ['prlimit', '--fsize=1000', ...words], { env });
      disk.free(broker.pid);
      assert.equal(code, 1);
      assert.match(stderr, /it\.backup was not written: .*(?:no space|full|too large)/i);
      assert.deepEqual(readdirSync(disk.folder), []);
      assert.equal((await fetch(`${broker.listenUrl}/readyz`)).status, 200);
    });

  await t.test('a restore that is killed has changed nothing, and the next one goes through', async () => {
    const file = join(root, 'it.backup');
    await broker.run(['backup', file]);
    await broker.run(['user', 'add', 'late']);
    await broker.stop();
    const where = databaseUrl === undefined ? [] : ['--database-url', databaseUrl];
    const words = ['restore', file, '--data', broker.dataDir, '--replace', ...where];
    const running = startCommand([process.execPath, BROKER, ...words], { env, cwd: root });
    const staged = join(broker.dataDir, 'restoring/mcpgate.db');
    if (databaseUrl === undefined)
      await until('some of it', () => existsSync(staged) && statSync(staged).size > 1_000_000);
    else
      await until('some of it', () =>
        runSql(databaseUrl, 'select 1 / (select count(*) from mcpgate_restoring.kysely_migration)').then(
          () => true,
          () => false,
        ),
      );
    await running.stop('SIGKILL');
    await broker.start();
    const names = async () => ((await broker.json(['user', 'list'])) as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(await names(), ['late']);
    await broker.stop();
    const again = await broker.cli(['restore', file, '--replace', ...where]);
    assert.equal(again.code, 0, again.stderr);
    await broker.start();
    assert.deepEqual(await names(), []);
  });
}

test('on SQLite: backups and restores that are broken off leave a whole one or none, and the broker goes on', (t) =>
  survives(t, undefined));
test('on PostgreSQL: backups and restores that are broken off leave a whole one or none, and the broker goes on', async (t) =>
  survives(t, await postgres?.createDatabase()));
