// Backups and restores that are broken off: whoever is killed, and wherever the disk is full, there is a whole one or none, and the broker goes on.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from '../postgres.ts';
import { BROKER } from '../world/broker.ts';
import { searchEvents } from '../world/call-rows.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { runCommand, startCommand } from '../world/command.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { createSmallDisk } from '../world/small-disk.ts';
import { until } from '../world/until.ts';
import { FAT_ROWS, fatten, grantOf, type Made } from '../world/backups.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind}: a command that is killed while it backs up leaves no backup, the broker goes on, and calls go on meanwhile`, async (t) => {
    const databaseUrl = kind === 'PostgreSQL' ? await postgres?.createDatabase() : undefined;
    const { world, upstream } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
    const { broker } = world;
    await fatten(broker, databaseUrl);
    const caller = await openMcpCaller(broker.listenUrl, await grantOf(broker, 'ci'));
    const file = join(world.root, 'it.backup');
    const command = [process.execPath, BROKER, 'backup', file, '--data', broker.dataDir] as const;
    const running = startCommand(command, { env: { PATH: process.env['PATH'] }, cwd: world.root });
    const part = await until('some of it', () =>
      readdirSync(world.root).find((name) => name.includes('.part') && statSync(join(world.root, name)).size > 100_000),
    );
    await running.stop('SIGKILL');
    assert.deepEqual([existsSync(file), existsSync(join(world.root, part))], [false, true]);
    const [first] = await searchEvents(broker, 'backup.*');
    assert.equal(first?.type, 'backup.begun', 'what was not taken whole is not told as sent');

    const before = upstream.calls.length;
    let done = false;
    const backups = Promise.all([broker.json(['backup', file]), broker.json(['backup', `${file}-2`])]).finally(
      () => (done = true),
    );
    let calls = 0;
    while (!done) {
      assert.equal(await caller.call('counting__echo', { text: `${calls}` }), `${calls}`);
      calls += 1;
    }
    const [one, two] = (await backups) as Made[];
    assert.ok(calls > 0 && upstream.calls.length - before === calls);
    assert.deepEqual([one?.tables['departures'], two?.tables['departures']], [FAT_ROWS, FAT_ROWS]);
    // Of two that want the same name one gets it.
    const both = await Promise.all([broker.cli(['backup', `${file}-3`]), broker.cli(['backup', `${file}-3`])]);
    assert.equal(both.filter(({ code }) => code === 0).length, 1);
  });

  test(`on ${kind}: a broker that is killed while it is backed up leaves no backup, and the command says so`, async (t) => {
    const databaseUrl = kind === 'PostgreSQL' ? await postgres?.createDatabase() : undefined;
    const { world } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
    const { broker } = world;
    await fatten(broker, databaseUrl);
    const file = join(world.root, 'it.backup');
    const backup = broker.cli(['backup', file]);
    await until('some of it', () =>
      readdirSync(world.root).find((name) => name.includes('.part') && statSync(join(world.root, name)).size > 100_000),
    );
    await broker.stop('SIGKILL');
    const { code, stderr } = await backup;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /the broker broke the backup off/);
    assert.deepEqual(
      readdirSync(world.root).filter((name) => name.startsWith('it.backup')),
      [],
    );
    await broker.start();
    await broker.run(['backup', file]);
  });

  test(`on ${kind}: a restore that is killed has changed nothing; the broker starts on what was there, and the next restore goes through`, async (t) => {
    const databaseUrl = kind === 'PostgreSQL' ? await postgres?.createDatabase() : undefined;
    const { world } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
    const { broker } = world;
    await fatten(broker, databaseUrl);
    const file = join(world.root, 'it.backup');
    await broker.run(['backup', file]);
    await broker.run(['user', 'add', 'late']);
    await broker.stop();
    const where = databaseUrl === undefined ? [] : ['--database-url', databaseUrl];
    const words = ['restore', file, '--data', broker.dataDir, '--replace', ...where];
    const running = startCommand([process.execPath, BROKER, ...words], {
      env: { PATH: process.env['PATH'] },
      cwd: world.root,
    });
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

test('a full disk under the file ends the backup with a clear error, leaves nothing, and does not touch the broker', async (t) => {
  const disk = createSmallDisk(t);
  const { world } = await createCountingWorld(t);
  const { broker } = world;
  await fatten(broker);
  disk.fill(broker.pid);
  const file = join(disk.folder, 'it.backup');
  const words = [process.execPath, BROKER, 'backup', file, '--data', broker.dataDir] as const;
  const { code, stderr } = await runCommand(disk.isSmall ? words : ['prlimit', '--fsize=1000', ...words], {
    env: { PATH: process.env['PATH'] },
  });
  disk.free(broker.pid);
  assert.equal(code, 4);
  assert.match(stderr, /it\.backup was not written: .*(?:no space|full|too large)/i);
  assert.deepEqual(readdirSync(disk.folder), []);
  assert.equal((await fetch(`${broker.listenUrl}/readyz`)).status, 200);
  await broker.run(['backup', join(world.root, 'it.backup')]);
});
