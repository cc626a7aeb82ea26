// The master key is replaced while people work: no call fails, no broker has to be stopped, and whoever kills one at a bad moment loses nothing.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type World } from '../world.ts';
import { callOn } from '../world/people/call-on.ts';
import { filesHolding } from '../world/search.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { shareWorld } from '../world/shared-world.ts';
import { until } from '../world/until.ts';

const TOKEN = 'svc_3c9f51d27a60';
const AUTHORIZATION = `Bearer ${TOKEN}`;

interface MasterKey {
  id: string;
  created_at: string;
  rotation: { waits_for: string[] } | null;
}
interface Status {
  master_key: { id: string; created_at: string; is_rotating: boolean };
  warnings: string[];
}

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const serversAt = (url: string) => ({ counting: { url, headers: { Authorization: AUTHORIZATION } } });

const share = shareWorld(undefined, (world, url) => world.importServers(serversAt(url)));

function takeShared(t: TestContext) {
  const shared = share(t);
  shared.upstream.accepts = [AUTHORIZATION];
  return { ...shared, keyFile: join(shared.world.broker.dataDir, 'master.key') };
}

async function openOnPostgres(t: TestContext, databaseUrl: string) {
  const upstream = await startCountingUpstream({ accepts: [AUTHORIZATION] });
  t.after(() => upstream.close());
  const world = await createWorld(t, { servers: serversAt(upstream.url), databaseUrl });
  return { upstream, world, keyFile: join(world.broker.dataDir, 'master.key') };
}

async function masterKeyOf(broker: World['broker']): Promise<Status['master_key']> {
  return ((await broker.json(['status'])) as Status).master_key;
}

test('calls go on while the master key is replaced; the old one is nowhere afterwards, and a restart needs the new one only', async (t) => {
  const { upstream, world, keyFile, since } = takeShared(t);
  const ada = await world.member('ada');
  const load = callOn(await ada.aiClient(), 'during');
  await load.answered(3);
  const old = readFileSync(keyFile, 'utf8').trim();
  const { id } = await masterKeyOf(world.broker);

  const rotated = (await world.broker.json(['key', 'rotate'])) as MasterKey;

  await load.answered(3);
  assert.equal(rotated.rotation, null);
  assert.notEqual(rotated.id, id);
  assert.deepEqual(await masterKeyOf(world.broker), {
    ...{ id: rotated.id, created_at: rotated.created_at, is_rotating: false },
  });
  assert.deepEqual(filesHolding(world.broker.dataDir, [old]), []);
  assert.deepEqual(
    readdirSync(world.broker.dataDir).filter((name) => name.startsWith('master.key')),
    ['master.key'],
  );
  assert.match(
    await world.broker.run(['status']),
    new RegExp(`^master key   ${rotated.id}, made (now|\\d+ s ago)$`, 'm'),
  );
  const events = (await world.broker.json(['audit', 'search', '--events', '--type', 'key.*', ...since])) as {
    type: string;
    data: unknown;
  }[];
  assert.deepEqual(events.map(({ type }) => type).toSorted(), ['key.rotated', 'key.rotation_begun']);

  await world.broker.stop();
  await world.broker.start();
  await load.answered(3);
  const count = await load.stop();
  assert.equal(upstream.calls.length, count);
  assert.equal(upstream.refused, 0);
});

for (const [moment, isNow] of [
  ['the new key is made', (file: string) => existsSync(`${file}.new`)],
  ['the key of before is copied', (file: string) => existsSync(`${file}.old`)],
  ['the new key is in its place', (file: string) => existsSync(`${file}.old`) && !existsSync(`${file}.new`)],
] as const)
  test(`a broker that is killed when ${moment} has all secrets at its next start, and one key in the end`, async (t) => {
    const { world, keyFile } = takeShared(t);
    const ada = await world.member('ada');
    const client = await ada.aiClient();
    assert.equal((await client.call('counting__echo', { text: 'before' })).text, 'before');
    const { id } = await masterKeyOf(world.broker);
    const killed = new Promise<void>((resolve) => {
      const watcher = watch(world.broker.dataDir, () => {
        if (!isNow(keyFile)) return;
        watcher.close();
        resolve(void world.broker.stop('SIGKILL'));
      });
    });
    const command = world.broker.cli(['key', 'rotate']);
    await killed;
    await command;
    await world.broker.stop('SIGKILL');
    await world.broker.start();
    const client2 = await ada.aiClient();
    assert.equal((await client2.call('counting__echo', { text: 'after' })).text, 'after');
    await until('what was begun is done', async () => !(await masterKeyOf(world.broker)).is_rotating);
    if ((await masterKeyOf(world.broker)).id === id) await world.broker.run(['key', 'rotate']);
    assert.notEqual((await masterKeyOf(world.broker)).id, id);
    assert.deepEqual(
      [`${keyFile}.new`, `${keyFile}.old`].filter((path) => existsSync(path)),
      [],
    );
    await world.broker.stop('SIGKILL');
    await world.broker.start();
    const client3 = await ada.aiClient();
    assert.equal((await client3.call('counting__echo', { text: 'again' })).text, 'again');
  });

test('a broker with a key file of its own says what to do, works on meanwhile, and takes the new key up by itself', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { upstream, world, keyFile } = await openOnPostgres(t, databaseUrl);
  const secondFile = join(world.root, 'second.key');
  copyFileSync(keyFile, secondFile);
  const second = await startSecondBroker(t, world, databaseUrl, 'second', secondFile);
  world.network.target = second.listenUrl;
  const ada = await world.member('ada');
  const load = callOn(await ada.aiClient(), 'second');
  await load.answered(3);
  const { id } = await masterKeyOf(second);

  const command = world.broker.cli(['key', 'rotate']);
  const warning = await until('the second broker says what it needs', async () => {
    const { warnings, master_key: key } = (await second.json(['status'])) as Status;
    return key.is_rotating && warnings.find((text) => text.includes(`at ${secondFile}`));
  });
  assert.match(
    warning,
    /^the rotation of the master key waits for this broker: .*put the file of the new key [0-9a-f]{16} at /,
  );
  assert.match(second.output(), /put the file of the new key [0-9a-f]{16} at .*second\.key; it is taken up by itself/);
  await load.answered(3);
  // The one that has begun it is killed, and goes on where it was.
  await world.broker.stop('SIGKILL');
  const { code, stderr } = await command;
  assert.equal(code, 4, stderr);
  await world.broker.start();
  await until('the first broker waits for the second one', async () => {
    const { warnings } = (await world.broker.json(['status'])) as Status;
    return warnings.some((text) => text.includes('waits for the broker on') && text.includes(secondFile));
  });
  // Asked again it goes on with the same rotation. The command waits for some seconds only.
  const again = await world.broker.cli(['key', 'rotate']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /the rotation goes on by itself/);
  await load.answered(3);

  copyFileSync(keyFile, secondFile);

  const rotated = await until('the rotation to be over', async () => {
    const key = await masterKeyOf(world.broker);
    return !key.is_rotating && key.id !== id && key;
  });
  // What is sealed from now on opens at both.
  await world.broker.run(['secret', 'set', 'fresh'], { stdin: 'x' });
  await load.answered(3);
  await second.stop();
  await second.start();
  await load.answered(3);
  const count = await load.stop();
  assert.equal(upstream.calls.length, count);
  const both = await Promise.all([masterKeyOf(world.broker), masterKeyOf(second)]);
  assert.deepEqual(
    both.map((key) => key.id),
    [rotated.id, rotated.id],
  );
});
