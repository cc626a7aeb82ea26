// The values of secrets come from elsewhere: a file, the environment, HashiCorp Vault, a command. What changes there is used by the next call; what is
// away is told by its name, and nothing else suffers.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startVaultServer } from '../../broker/src/vault/sources/fixtures/vault-server.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type WorldOptions } from '../world.ts';
import { startBroker, type Broker } from '../world/broker.ts';
import { filesHolding } from '../world/search.ts';
import { until } from '../world/until.ts';

const [ONE, TWO] = ['svc_one_4f1c0d7e9a8b', 'svc_two_90ab12cd34ef'] as const;

interface Secret {
  name: string;
  version: number;
  source: string;
  reading: { state: string; problem: string | null } | null;
}

/** What a broker may read, and the configuration that says so. */
function places(t: TestContext, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'mg-sources-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'secrets'));
  const file = join(folder, 'secrets/token');
  const config = join(folder, 'mcpgate.yaml');
  writeFileSync(config, `sources:\n  files: [${folder}/secrets]\n${more.replaceAll('FOLDER', folder)}`);
  return {
    ...{ folder, file, config },
    replace(text: string): void {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    program(name: string, script: string): string {
      const path = join(folder, name);
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
      return path;
    },
  };
}

/** A world with one server that wants the secret `token`, and one that wants none. */
async function worldWith(t: TestContext, options: WorldOptions) {
  const [upstream, other] = [await startCountingUpstream({}), await startCountingUpstream({})];
  t.after(async () => {
    await upstream.close();
    await other.close();
  });
  const world = await createWorld(t, options);
  const header = ['--header', 'Authorization: Bearer ${secret:token}'];
  return {
    ...{ upstream, other, world },
    async addServers(): Promise<void> {
      await world.broker.run(['server', 'add', 'counting', '--url', upstream.url, ...header]);
      await world.broker.run(['server', 'add', 'other', '--url', other.url]);
    },
  };
}

async function secretOf(broker: Broker): Promise<Secret | undefined> {
  return ((await broker.json(['secret', 'list'])) as Secret[]).find(({ name }) => name === 'token');
}

test('a file is followed: what is put in its place is used by the next call, and while it is gone calls say so, of that server alone', async (t) => {
  const { config, file, replace } = places(t);
  const { world, upstream, addServers } = await worldWith(t, { brokerArgs: ['--config', config] });
  const { broker } = world;
  replace(`${ONE}\n`);
  const said = await broker.run(['secret', 'set', 'token', '--from', `file:${file}`]);
  assert.match(said, /^token is now version 1; nothing uses it yet/);
  await addServers();
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'a' })).text, 'a');
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${ONE}`);

  replace(TWO);
  await until('a new version', async () => (await secretOf(broker))?.version === 2);
  await client.call('counting__echo', { text: 'b' });
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${TWO}`);

  rmSync(file);
  await until('the source is away', async () => (await secretOf(broker))?.reading?.state === 'away');
  const answer = await client.call('counting__echo', { text: 'c' });
  assert.match(answer.text, /counting.*the secret token cannot be read from file:.*there is no such file/s);
  assert.equal(upstream.calls.length, 2, 'nothing was sent with the value of before');
  assert.equal((await client.call('other__echo', { text: 'd' })).text, 'd');
  assert.match(await broker.run(['secret', 'list']), /token +2 +file:\S+ \(away\) +counting/);
  assert.match(await broker.run(['status']), /^! +the secret token cannot be read from file:.*there is no such file/m);
  const metrics = await (await fetch(`${broker.listenUrl}/metrics`)).text();
  assert.match(metrics, /mcpgate_secret_sources\{kind="file",state="away"\} 1/);

  replace(TWO);
  await until('the source is ok', async () => (await secretOf(broker))?.reading?.state === 'ok');
  assert.equal((await client.call('counting__echo', { text: 'e' })).text, 'e');
  const events = (await broker.json(['audit', 'search', '--events', '--type', 'secret.*'])) as {
    type: string;
    data: Record<string, unknown>;
  }[];
  assert.deepEqual(
    events.map(({ type, data: { version, from, source } }) => ({ type, version, from, source })).toReversed(),
    [
      { type: 'secret.set', version: 1, from: undefined, source: `file:${file}` },
      { type: 'secret.changed', version: 2, from: 1, source: `file:${file}` },
    ],
  );
  assert.deepEqual(filesHolding(world.root, [ONE, TWO]), [], 'neither value was kept anywhere');
  for (const value of [ONE, TWO]) assert.ok(!broker.output().includes(value));
});

test('a token that its service refuses is looked up anew at once, within the call, and the call goes through', async (t) => {
  const here = places(t);
  const op = here.program('op', `cat ${here.file}`);
  writeFileSync(here.config, `sources:\n  commands: ["${op} read *"]\n`);
  const { world, upstream, addServers } = await worldWith(t, { brokerArgs: ['--config', here.config] });
  here.replace(ONE);
  upstream.accepts = [`Bearer ${ONE}`];
  await world.broker.run(['secret', 'set', 'token', '--from', `command:${op} read op://prod/token`]);
  await addServers();
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'a' })).text, 'a');
  here.replace(TWO);
  upstream.accepts = [`Bearer ${TWO}`];
  assert.equal((await client.call('counting__echo', { text: 'b' })).text, 'b');
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${TWO}`);
});

test('HashiCorp Vault: the broker logs in by AppRole; sealed at a restart, a secret fails closed, and one that may be kept lives on', async (t) => {
  const vault = await startVaultServer(t);
  const { roleId, secretId } = vault.appRole();
  vault.put('prod/token', { value: ONE });
  const { config, folder } = places(
    t,
    `vault:\n  address: ${vault.address}\n  auth: approle\n  role_id: ${roleId}\n  secret_id_file: FOLDER/secrets/secret-id\n`,
  );
  writeFileSync(join(folder, 'secrets/secret-id'), secretId);
  const { world, upstream, addServers } = await worldWith(t, { brokerArgs: ['--config', config] });
  const { broker } = world;
  await broker.run(['secret', 'set', 'token', '--from', 'vault:prod/token#value', '--refresh', '10s']);
  await broker.run(['secret', 'set', 'kept', '--from', 'vault:prod/token#value', '--keep-for', '1h']);
  const own = await broker.cli(['secret', 'set', 'own', '--from', `file:${folder}/secrets/secret-id`]);
  assert.equal(own.code, 1);
  assert.match(own.stderr, /secret-id is of the broker itself/);
  await addServers();
  await broker.run([
    'server',
    'add',
    'kept',
    '--url',
    upstream.url,
    '--header',
    'Authorization: Bearer ${secret:kept}',
  ]);
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'a' })).text, 'a');

  vault.setSealed(true);
  await broker.stop('SIGKILL');
  await broker.start();
  const answer = await client.call('counting__echo', { text: 'b' });
  assert.match(answer.text, /the secret token cannot be read from vault:prod\/token#value: Vault at http.* is sealed/);
  assert.equal((await client.call('kept__echo', { text: 'c' })).text, 'c');
  assert.match(
    await broker.run(['status']),
    /^! +the secret kept cannot .* is sealed.*; what was read before lives on until/m,
  );
  vault.setSealed(false);
  vault.put('prod/token', { value: TWO });
  await until('the source is ok', async () => (await secretOf(broker))?.reading?.state === 'ok');
  assert.equal((await client.call('counting__echo', { text: 'd' })).text, 'd');
  assert.equal(upstream.calls.at(-1)?.headers.authorization, `Bearer ${TWO}`);
});

test('a command that hangs, prints twice or is killed with the broker costs nothing but itself, and no administrator gets a shell by one', async (t) => {
  const here = places(t);
  const op = here.program('op', `echo $$ > ${here.folder}/pid; . ${here.folder}/secrets/what`);
  writeFileSync(here.config, `sources:\n  commands: ["${op} read op://*"]\n  command_timeout: 2s\n`);
  const what = (script: string): void => writeFileSync(join(here.folder, 'secrets/what'), script);
  const { world, addServers } = await worldWith(t, { brokerArgs: ['--config', here.config] });
  const { broker } = world;
  const set = (command: string) => broker.cli(['secret', 'set', 'token', '--from', `command:${command}`]);
  const read = `${op} read op://prod/token`;
  for (const [script, message] of [
    ['sleep 600', /printed nothing that ended within 2 s, and was ended/],
    ['echo one; echo two', /printed more than one line/],
    ['head -c 1048576 /dev/zero', /printed more than 65536 bytes/],
    [`echo ${ONE} >&2; exit 1`, /ended with exit code 1/],
  ] as const) {
    what(script);
    const { code, stderr } = await set(read);
    assert.match(stderr, new RegExp(`the secret token cannot be read from command:.*${message.source}`), script);
    assert.equal(code, 4);
    assert.ok(!stderr.includes(ONE));
  }
  const shell = await set(`/bin/sh -c "touch ${here.folder}/made"`);
  assert.match(shell.stderr, /sources\.commands of the broker's configuration does not allow this command/);
  assert.equal(shell.code, 1);
  assert.ok(!existsSync(join(here.folder, 'made')));
  assert.equal(await secretOf(broker), undefined, 'nothing was set');

  what(`echo ${ONE}`);
  assert.equal((await set(read)).code, 0);
  await addServers();
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'a' })).text, 'a');
  await broker.stop('SIGKILL');
  rmSync(join(here.folder, 'pid'));
  what('sleep 600');
  await broker.start();
  // It is being read as the broker is killed once more.
  await until('the command runs', () => existsSync(join(here.folder, 'pid')));
  await broker.stop('SIGKILL');
  process.kill(Number(readFileSync(join(here.folder, 'pid'), 'utf8')), 'SIGKILL');
  what(`echo ${TWO}`);
  await broker.start();
  assert.equal((await client.call('counting__echo', { text: 'b' })).text, 'b');
  assert.equal((await secretOf(broker))?.version, 2);
});

test('a variable that is missing after a restart is told by its name, in the log and by `server test`', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'mg-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const upstream = await startCountingUpstream({});
  t.after(() => upstream.close());
  const first = await startBroker({ root, env: { MCPGATE_SECRET_TOKEN: ONE, DATABASE_PASSWORD: 'x' } });
  const other = await first.cli(['secret', 'set', 'token', '--from', 'env:DATABASE_PASSWORD']);
  assert.match(other.stderr, /sources\.env of the broker's configuration does not allow DATABASE_PASSWORD/);
  await first.run(['secret', 'set', 'token', '--from', 'env:MCPGATE_SECRET_TOKEN']);
  const header = ['--header', 'Authorization: Bearer ${secret:token}'];
  await first.run(['server', 'add', 'counting', '--url', upstream.url, ...header]);
  await first.run(['server', 'test', 'counting']);
  await first.stop();
  const second = await startBroker({ root });
  t.after(() => second.stop());
  const tested = await second.cli(['server', 'test', 'counting']);
  assert.equal(tested.code, 1);
  assert.match(
    tested.stdout,
    /MCPGATE_SECRET_TOKEN is not in the broker’s environment: set it there, and start the broker again/,
  );
  assert.match(second.output(), /the source of a secret is away/);
  assert.ok(!second.output().includes(ONE));
});
