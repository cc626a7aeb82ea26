// A running broker is backed up, and another one lives of it: on both engines, over the network too; what must not be restored is refused.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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
async function restore(
  world: World,
  file: string,
  into: string,
  more: readonly string[] = [],
  withKey: 'with its key' | 'without its key' = 'with its key',
) {
  const dataDir = join(world.root, into);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (withKey === 'with its key' && !existsSync(join(dataDir, 'master.key')))
    copyFileSync(join(world.broker.dataDir, 'master.key'), join(dataDir, 'master.key'));
  const command = [process.execPath, BROKER, 'restore', file, '--data', dataDir, ...more] as const;
  const done = await runCommand(command, { env: { PATH: process.env['PATH'], HOME: world.root }, cwd: world.root });
  return { dataDir, ...done };
}

/** A broker with everything, backed up; then what is refused, and two others that live of the backup, one on each engine. */
async function wholeStory(t: TestContext, databaseUrl: string | undefined): Promise<void> {
  const { world, upstream } = await createCountingWorld(t, databaseUrl === undefined ? {} : { databaseUrl });
  const { broker } = world;
  await broker.run(['secret', 'set', 'key'], { stdin: 'in-the-vault' });
  await broker.run(['server', 'set', 'counting', '--header', 'X-Key=${secret:key}']);
  const token = await grantOf(broker, 'ci');
  const ada = await world.member('ada');
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=before'])).code, 0);

  // A part of the log stands in an archive, which no backup holds.
  await broker.run(['audit', 'archive', '--before', new Date().toISOString()]);
  const archives = join(broker.dataDir, 'archives');
  const [archive = ''] = readdirSync(archives);
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
  if (databaseUrl === undefined) {
    await t.test('over the network an administrator of the first workspace gets one, and nobody else', () =>
      overTheNetwork(world),
    );
    await t.test('what must not be restored is refused, and nothing is changed by it', () => refuses(world, file));
  } else
    await t.test('a database that a broker is connected to is not replaced', () => staysWhole(t, world, databaseUrl));
  await broker.stop();

  for (const engine of ['SQLite', 'PostgreSQL'] as const)
    await t.test(
      `into ${engine}: grants, secrets and people are there, sessions are ended, and the log tells it`,
      async () => {
        const other = engine === 'SQLite' ? [] : ['--database-url', (await postgres?.createDatabase()) ?? ''];
        const there = join(world.root, engine, 'archives');
        const later = join(there, 'audit-000009-20300101T000000000Z.jsonl.gz');
        if (engine === 'PostgreSQL') {
          mkdirSync(join(world.root, engine), { mode: 0o700 });
          cpSync(archives, there, { recursive: true });
          writeFileSync(later, '');
        }
        const restored = await restore(world, file, engine, other);
        assert.equal(restored.code, 0, restored.stderr);
        if (engine === 'PostgreSQL') {
          assert.match(restored.stdout, /^archives of the log: 1 of 1 are in .*, and whole$/m);
          assert.match(restored.stdout, /^audit-000009-.* move these files away before the next start$/m);
          rmSync(later);
        } else assert.match(restored.stdout, new RegExp(`^missing: ${archive}: copy them there`, 'm'));
        assert.match(restored.stdout, /every session is ended: people log in again/);
        assert.match(restored.stdout, /^next: mcpgate-broker start --data \S+/m);
        const second = await startBroker({ root: world.root, dataDir: restored.dataDir, args: other });
        t.after(async () => void (await second.stop()));
        const caller = await openMcpCaller(second.listenUrl, token);
        assert.equal(await caller.call('counting__echo', { text: engine }), engine);
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
        await second.stop();
      },
    );
}

async function overTheNetwork(world: World): Promise<void> {
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
}

async function refuses(world: World, file: string): Promise<void> {
  const { broker } = world;
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
  const noKey = await restore(world, file, 'no-key', [], 'without its key');
  assert.equal(noKey.code, 2);
  assert.match(noKey.stderr, /master\.key cannot be read: put the master key [0-9a-f]{16} there first/);
  assert.deepEqual(readdirSync(noKey.dataDir), []);

  await broker.stop();
  const occupied = await broker.cli(['restore', file]);
  assert.equal(occupied.code, 1);
  assert.match(occupied.stderr, /is not empty: restore into an empty place, or say --replace/);
  const folder = join(broker.dataDir, 'archives');
  const [name = ''] = readdirSync(folder);
  const archived = readFileSync(join(folder, name));
  writeFileSync(join(folder, name), archived.subarray(0, 100));
  const replaced = await broker.cli(['restore', file, '--replace', '--json']);
  writeFileSync(join(folder, name), archived);
  assert.equal(replaced.code, 0, replaced.stderr);
  const document = JSON.parse(replaced.stdout) as {
    kept_at: string;
    revocations_taken_over: boolean;
    archives: { known: number; damaged: { name: string }[] };
  };
  assert.deepEqual([document.archives.known, document.archives.damaged[0]?.name], [1, name]);
  assert.ok(existsSync(document.kept_at) && document.revocations_taken_over);
  await broker.start();
}

async function staysWhole(t: TestContext, world: World, databaseUrl: string): Promise<void> {
  const second = await startSecondBroker(t, world, databaseUrl);
  const file = join(world.root, 'second.backup');
  await second.run(['backup', file]);
  await world.broker.stop();
  const { code, stderr } = await restore(world, file, 'third', ['--database-url', databaseUrl, '--replace']);
  assert.equal(code, 1);
  assert.match(stderr, /a broker is running on this database; stop every broker first/);
  await second.stop();
}

test('a running broker on SQLite is backed up, and others live of it', (t) => wholeStory(t, undefined));
test('a running broker on PostgreSQL is backed up, and others live of it: the way from one machine to several, and back', async (t) =>
  wholeStory(t, await postgres?.createDatabase()));
