import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { startPostgres } from 'mcpgate-test/postgres';
import { pino } from 'pino';
import { temporaryFolder } from './fixtures/both-engines.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

const log = pino({ level: 'silent' });

async function open(t: TestContext, options: { dataDir: string; databaseUrl?: string }): Promise<Store> {
  const store = await openStore({ ...options, log, clock: systemClock });
  t.after(() => store.close());
  return store;
}

async function refusal(opening: Promise<Store>): Promise<GateError> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof GateError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'it opened' });
}

it('makes the data folder and a database file that only its owner can read', async (t) => {
  const dataDir = join(temporaryFolder(t), 'new', 'data');
  await open(t, { dataDir });
  assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  for (const file of ['mcpgate.db', 'mcpgate.db-wal', 'mcpgate.db-shm']) {
    assert.equal(statSync(join(dataDir, file)).mode & 0o777, 0o600, file);
  }
});

it('takes back rights that others were given on the database file', async (t) => {
  const dataDir = temporaryFolder(t);
  await (await open(t, { dataDir })).close();
  chmodSync(join(dataDir, 'mcpgate.db'), 0o644);
  await open(t, { dataDir });
  assert.equal(statSync(join(dataDir, 'mcpgate.db')).mode & 0o777, 0o600);
});

it('says which file it cannot use, and why', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'taken', 'mcpgate.db'), { recursive: true });
  mkdirSync(join(folder, 'garbage'));
  writeFileSync(join(folder, 'garbage', 'mcpgate.db'), 'this is a text file, not a database'.repeat(100));
  for (const name of ['file', 'taken', 'garbage']) {
    const error = await refusal(open(t, { dataDir: join(folder, name) }));
    assert.equal(error.code, 'config', error.message);
    assert.ok(error.message.includes(join(folder, name, 'mcpgate.db')), error.message);
  }
});

it('names host and database where PostgreSQL does not answer or refuses, and never the password', async (t) => {
  const dataDir = temporaryFolder(t);
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const wrongPassword = new URL(postgres.url);
  wrongPassword.password = 'hunter2';
  const noDatabase = new URL(postgres.url);
  noDatabase.pathname = '/nowhere';
  const cases = [
    ['unavailable', 'postgres://gate:hunter2@127.0.0.1:1/gate', 'gate at 127.0.0.1:1'],
    ['unavailable', 'postgres://gate:hunter2@no-such-host.invalid/gate', 'gate at no-such-host.invalid:5432'],
    ['config', wrongPassword.href, `postgres at ${wrongPassword.host}`],
    ['config', noDatabase.href, `nowhere at ${noDatabase.host}`],
    ['config', 'mysql://gate:hunter2@127.0.0.1/gate', 'postgres://'],
    ['config', 'hunter2', 'not a URL'],
  ] as const;
  for (const [code, databaseUrl, words] of cases) {
    const error = await refusal(open(t, { dataDir, databaseUrl }));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(words), error.message);
    assert.ok(!error.message.includes('hunter2'), error.message);
  }
});

it('lets two brokers start on one empty PostgreSQL database at the same moment', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const options = { dataDir: temporaryFolder(t), databaseUrl };
  const [one, two] = await Promise.all([open(t, options), open(t, options)]);
  await one.users.create({ workspaceId: 'default', name: 'ada', email: null, role: 'admin', groups: [] });
  assert.equal(await two.users.count('default'), 1);
  await Promise.all([one.close(), two.close()]);
});
