// A running broker is backed up, and another one lives of it: on both engines, over the network too; what must not be restored is refused.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { BROKER, startBroker } from '../world/broker.ts';
import { searchEvents } from '../world/call-rows.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { runCommand } from '../world/command.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { issueAdminToken } from '../world/people/scim-client.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import type { World } from '../world.ts';
import { grantOf, type Made } from '../world/backups.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

/** Runs `restore` as a process, into a folder of its own that has the master key of `world`. */
async function restore(world: World, file: string, into: string, more: readonly string[] = []) {
  const dataDir = join(world.root, into);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(join(dataDir, 'master.key')))
    copyFileSync(join(world.broker.dataDir, 'master.key'), join(dataDir, 'master.key'));
  const command = [process.execPath, BROKER, 'restore', file, '--data', dataDir, ...more] as const;
  const done = await runCommand(command, { env: { PATH: process.env['PATH'], HOME: world.root }, cwd: world.root });
  return { dataDir, ...done };
}

async function wholeStory(t: TestContext, databaseUrl: string | undefined, other: string | undefined): Promise<void> {
  const { world, upstream } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
  const { broker } = world;
  await broker.run(['secret', 'set', 'key'], { stdin: 'in-the-vault' });
  await broker.run(['server', 'set', 'counting', '--header', 'X-Key=${secret:key}']);
  const token = await grantOf(broker, 'ci');
  const ada = await world.member('ada');
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=before'])).code, 0);

  const file = join(world.root, 'it.backup');
  const made = (await broker.json(['backup', file])) as Made;
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(file).size, made.bytes);
  assert.equal(made.tables['users'], 1);
  assert.ok(!readFileSync(file, 'latin1').includes(readFileSync(join(broker.dataDir, 'master.key'), 'utf8').trim()));
  const refused = await broker.cli(['backup', file]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /is there already: name another file, or say --force/);
  await broker.run(['backup', file, '--force']);
  assert.deepEqual(
    readdirSync(world.root).filter((name) => name.includes('.part')),
    [],
  );
  const kept = await searchEvents(broker, 'backup.*');
  assert.deepEqual(
    kept.map(({ type }) => type),
    ['backup.kept', 'backup.sent', 'backup.begun', 'backup.kept', 'backup.sent', 'backup.begun'],
  );
  assert.deepEqual([kept[3]?.data['sha256'], kept[3]?.data['bytes']], [made.sha256, made.bytes]);
  assert.match(await broker.run(['status']), /^backup +the last one /m);
  assert.match(await (await fetch(`${broker.listenUrl}/metrics`)).text(), /^mcpgate_last_backup_timestamp_seconds \d/m);

  // What happens after it is not in it.
  await broker.run(['user', 'add', 'late']);
  const restored = await restore(world, file, 'second', other === undefined ? [] : ['--database-url', other]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stdout, /every session is ended: people log in again/);
  await broker.stop();
  const second = await startBroker({
    root: world.root,
    dataDir: restored.dataDir,
    args: other === undefined ? [] : ['--database-url', other],
  });
  t.after(async () => void (await second.stop()));
  const caller = await openMcpCaller(second.listenUrl, token);
  assert.equal(await caller.call('counting__echo', { text: 'after' }), 'after');
  assert.equal(upstream.calls.at(-1)?.headers['x-key'], 'in-the-vault');
  const users = (await second.json(['user', 'list'])) as { name: string }[];
  assert.deepEqual(
    users.map(({ name }) => name),
    ['ada'],
  );
  assert.deepEqual(await second.json(['session', 'list']), []);
  const [told, ...more] = await searchEvents(second, 'database.restored');
  assert.equal(told?.data['backup_of'] !== undefined && more.length === 0, true);
  await second.stop();
  await second.start();
  assert.equal((await searchEvents(second, 'database.restored')).length, 1, 'it is told once');
}

test('from SQLite into another folder: grants, secrets and people are there, sessions are ended, and the log tells it', (t) =>
  wholeStory(t, undefined, undefined));
test('from SQLite into PostgreSQL: the same, which is the way from one machine to several brokers', async (t) =>
  wholeStory(t, undefined, await postgres?.createDatabase()));
test('from PostgreSQL into another database: the same', async (t) =>
  wholeStory(t, await postgres?.createDatabase(), await postgres?.createDatabase()));
test('from PostgreSQL into a folder: the same', async (t) =>
  wholeStory(t, await postgres?.createDatabase(), undefined));

test('over the network an administrator of the first workspace gets a backup, and nobody else', async (t) => {
  const { world } = await createCountingWorld(t);
  const { broker } = world;
  await broker.run(['workspace', 'add', 'team-b']);
  const elsewhere = ['admin-token', 'issue', '--label', 'b', '--role', 'admin', '--workspace', 'team-b'];
  const tokens = {
    admin: await issueAdminToken(world, 'admin'),
    operator: await issueAdminToken(world, 'operator'),
    auditor: await issueAdminToken(world, 'auditor'),
    'admin of another workspace': ((await broker.json(elsewhere)) as { token: string }).token,
  };
  for (const [whose, token] of Object.entries(tokens)) {
    const file = join(world.root, `${whose}.backup`);
    const command = [process.execPath, BROKER, 'backup', file, '--url', broker.listenUrl] as const;
    const env = { PATH: process.env['PATH'], MCPGATE_ADMIN_TOKEN: token };
    const { code, stderr } = await runCommand(command, { env, cwd: world.root });
    assert.deepEqual([code, existsSync(file)], whose === 'admin' ? [0, true] : [1, false], `${whose}: ${stderr}`);
  }
  const sent = await fetch(`${broker.listenUrl}/api/v1/backup/kept`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sha256: 'a'.repeat(64), mac: 'b'.repeat(64), key: 'c'.repeat(16), bytes: 7 }),
  });
  assert.equal(sent.status, 400, 'nobody says of a file that was never written that it is kept');
});

test('what must not be restored is refused, and nothing is changed by it', async (t) => {
  const { world } = await createCountingWorld(t);
  const { broker } = world;
  const file = join(world.root, 'it.backup');
  await broker.run(['backup', file]);
  const whole = readFileSync(file);
  const onRunning = await broker.cli(['restore', file]);
  assert.equal(onRunning.code, 1);
  assert.match(onRunning.stderr, /another broker \(process \d+\) is running on .*stop it first/);

  const cases: [string, Buffer, RegExp][] = [
    ['truncated', whole.subarray(0, whole.length - 1000), /ends too early: it is a part of a backup/],
    ['altered', Buffer.concat([whole.subarray(0, 3000), Buffer.from('x'), whole.subarray(3001)]), /was altered/],
    [
      'newer',
      Buffer.from(whole.toString('latin1').replace('"format_version":1', '"format_version":2'), 'latin1'),
      /newer/,
    ],
    ['other', Buffer.from('{}\n'), /is no backup/],
  ];
  for (const [name, bytes, why] of cases) {
    const bad = join(world.root, name);
    writeFileSync(bad, bytes);
    const { code, stderr, dataDir } = await restore(world, bad, 'fresh');
    assert.equal(code, 2, name);
    assert.match(stderr, why);
    assert.deepEqual(readdirSync(dataDir), ['master.key']);
  }

  const strange = join(world.root, 'strange');
  mkdirSync(strange, { mode: 0o700 });
  writeFileSync(join(strange, 'master.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const otherKey = await restore(world, file, 'strange');
  assert.equal(otherKey.code, 2);
  assert.match(otherKey.stderr, /holds the master key [0-9a-f]{16}, and the backup was made with [0-9a-f]{16}/);
  assert.deepEqual(readdirSync(strange), ['master.key']);
  const noKey = join(world.root, 'no-key');
  mkdirSync(noKey, { mode: 0o700 });
  const without = await broker.cli(['restore', file]);
  assert.equal(without.code, 1);

  await broker.stop();
  const occupied = await broker.cli(['restore', file]);
  assert.equal(occupied.code, 1);
  assert.match(occupied.stderr, /is not empty: restore into an empty place, or say --replace/);
  const replaced = await broker.cli(['restore', file, '--replace', '--json']);
  assert.equal(replaced.code, 0, replaced.stderr);
  const document = JSON.parse(replaced.stdout) as { kept_at: string; revocations_taken_over: boolean };
  assert.ok(existsSync(document.kept_at) && document.revocations_taken_over);
  await broker.start();
});

test('a database that a broker is connected to is not replaced', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { world } = await createCountingWorld(t, { databaseUrl });
  const second = await startSecondBroker(t, world, databaseUrl);
  const file = join(world.root, 'it.backup');
  await second.run(['backup', file]);
  await world.broker.stop();
  const { code, stderr } = await restore(world, file, 'third', ['--database-url', databaseUrl, '--replace']);
  assert.equal(code, 1);
  assert.match(stderr, /a broker is running on this database; stop every broker first/);
});
