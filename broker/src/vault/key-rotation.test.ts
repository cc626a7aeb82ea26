// A rotation of the master key over real files and a real database: what opens before, meanwhile and after it; and every place at which a
// broker can be killed.
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import {
  onBothEngines,
  temporaryFolder,
  type OpenStoreUnderTest,
  type StoreUnderTest,
} from '../store/fixtures/both-engines.ts';
import { targetOf } from '../domain/transports/transports.ts';
import type { Store } from '../store/store.ts';
import { createKeyRotation, type KeyRotation } from './key-rotation.ts';
import { createVault } from './create-vault.ts';
import { makeDataKey, wrapDataKey } from './envelope.ts';
import type { Keyring } from './keyring.ts';
import { loadMasterKey, masterKeyId, readKeyFile } from './master-key.ts';
import { seal } from './seal.ts';
import type { Vault } from './vault.ts';
import { changeNotes } from '../domain/change-notes.ts';
import type { AuditEvent } from '../domain/call-record.ts';

const W = 'default';
const ADMIN = { name: 'host:ada', address: null };
const ROTATE = { newKeyFile: undefined, startOver: false, by: ADMIN };

interface Running {
  vault: Vault;
  keys: KeyRotation;
  events: { type: string; by: string; data: AuditEvent['data'] }[];
  /** What a call would get of the secret and of something that another module has sealed. */
  values: () => Promise<string[]>;
  /** Ends it as a kill does: nothing more is done. */
  stop: () => Promise<void>;
}

/** A broker's part of it, over the key file of the data folder unless another is named. */
async function startOn(t: TestContext, world: StoreUnderTest, store = world.store, file?: string): Promise<Running> {
  const masterKey = loadMasterKey({ dataDir: world.dataDir, ...(file !== undefined && { file }) });
  const vault = await createVault({ ...world, store, masterKey });
  const events: Running['events'] = [];
  const keys = createKeyRotation({
    ...{ store, keyring: vault.keyring, bus: store.bus, clock: systemClock, log: pino({ level: 'silent' }) },
    record: ({ type, by, data }) => Promise.resolve(void events.push({ type, by: by.name, data })),
  });
  const stop = async () => {
    keys.close();
    await store.close();
  };
  t.after(stop);
  store.bus.listen((event) => {
    if (event.kind === 'message' && event.message.kind === 'keys') keys.changed();
  });
  await store.bus.open();
  const values = async () => [
    (await vault.value(W, 'github')).value,
    Buffer.from(await vault.open('signing-key', SEALED.get(world) ?? new Uint8Array())).toString(),
  ];
  return { vault, keys, events, values, stop };
}

/** What a broker that starts now opens. */
async function valuesAfterStart(t: TestContext, world: StoreUnderTest): Promise<string[]> {
  const started = await startOn(t, world, await world.reopen());
  const values = await started.values();
  await started.stop();
  return values;
}

const SEALED = new WeakMap<StoreUnderTest, Uint8Array>();
const VALUES = ['ghp_one', 'a key'];

async function openWorld(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  const file = join(world.dataDir, 'master.key');
  const running = await startOn(t, world);
  await running.vault.set(W, 'github', 'ghp_one', 'cli');
  SEALED.set(world, running.vault.seal('signing-key', Buffer.from('a key')));
  return { world, file, running, before: idIn(file) };
}

const idIn = (file: string): string => masterKeyId(readKeyFile(file));

onBothEngines((open) => {
  it('puts a new key into the file, seals no value anew, and opens all that was sealed before', async (t) => {
    const { world, file, running, before } = await openWorld(t, open);
    const { vault, keys, events, values } = running;
    const sealed = (await world.store.secrets.current(W, 'github'))?.sealed;
    await keys.begin(ROTATE);
    const now = await keys.status();
    assert.deepEqual([now.rotation, now.problem, now.id], [null, null, idIn(file)]);
    assert.notEqual(now.id, before);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(
      [`${file}.new`, `${file}.old`].map((path) => existsSync(path)),
      [false, false],
    );
    assert.deepEqual(await values(), VALUES);
    assert.deepEqual((await world.store.secrets.current(W, 'github'))?.sealed, sealed);
    assert.deepEqual(events, [
      {
        type: 'key.rotation_begun',
        by: 'host:ada',
        data: { from: before, to: now.id, ...changeNotes(undefined, { rotation: now.id }) },
      },
      {
        type: 'key.rotated',
        by: 'host:ada',
        data: { from: before, to: now.id, data_keys: 2, ...changeNotes({ key: before }, { key: now.id }) },
      },
    ]);
    await vault.set(W, 'new', 'sealed after it', 'cli');
    const restarted = await startOn(t, world, await world.reopen());
    assert.deepEqual(await restarted.values(), VALUES);
    assert.equal((await restarted.vault.value(W, 'new')).value, 'sealed after it');
    assert.equal((await restarted.keys.status()).id, now.id);
  });

  it('the key from before opens nothing any more: neither values nor what seals them', async (t) => {
    const { world, file, running } = await openWorld(t, open);
    const old = readFileSync(file);
    await running.keys.begin(ROTATE);
    const { masterKeys, dataKeys } = await world.store.keyring.read();
    const current = masterKeys.find(({ state }) => state === 'current')?.id ?? '';
    for (const { wrapped } of dataKeys) assert.deepEqual([...wrapped.keys()], [current]);
    writeFileSync(file, old);
    await assert.rejects(startOn(t, world, await world.reopen()), {
      code: 'config',
      message: new RegExp(
        `^the master key ${file} is the one from before the rotation of \\d{4}-.*: put the file of the key ${current} there; nothing is lost$`,
      ),
    });
  });

  it('writes over a file that lies elsewhere, so that what hides it from servers stays, and keeps other keys in the data folder', async (t) => {
    const world = await open(t);
    const file = join(temporaryFolder(t), 'the.key');
    const running = await startOn(t, world, world.store, file);
    await running.vault.set(W, 'github', 'ghp_one', 'cli');
    SEALED.set(world, running.vault.seal('signing-key', Buffer.from('a key')));
    const { ino } = statSync(file);
    const before = idIn(file);
    assert.equal(running.vault.keyring.files.nextPath, join(world.dataDir, 'the.key.new'));
    await running.keys.begin(ROTATE);
    assert.equal((await running.keys.status()).id, idIn(file));
    assert.notEqual(idIn(file), before);
    assert.equal(statSync(file).ino, ino);
    assert.deepEqual(readdirSync(dirname(file)), ['the.key']);
    assert.deepEqual(
      readdirSync(world.dataDir).filter((name) => name.includes('key')),
      [],
    );
    await running.stop();
    assert.deepEqual(await (await startOn(t, world, await world.reopen(), file)).values(), VALUES);
  });

  it('says what keeps the file from being replaced, and goes on once it is', async (t) => {
    const world = await open(t);
    const file = join(temporaryFolder(t), 'the.key');
    const running = await startOn(t, world, world.store, file);
    await running.vault.set(W, 'github', 'ghp_one', 'cli');
    SEALED.set(world, running.vault.seal('signing-key', Buffer.from('a key')));
    // In the place of the file stands what cannot be written.
    renameSync(file, `${file}.away`);
    mkdirSync(file, { mode: 0o700 });
    await running.keys.begin(ROTATE);
    const { rotation, problem } = await running.keys.status();
    assert.match(
      rotation?.waitsFor.join() ?? '',
      /^this broker: .*the\.key could not be replaced \(EISDIR.*\); put .*the\.key\.new there/,
    );
    assert.match(
      problem ?? '',
      /the master key .*the\.key is no file; put the right file back; the broker would not start again like this/,
    );
    assert.deepEqual(await running.values(), VALUES);
    rmdirSync(file);
    cpSync(running.vault.keyring.files.nextPath, file);
    await running.keys.begin(ROTATE);
    const after = await running.keys.status();
    assert.deepEqual([after.rotation, after.problem, after.id], [null, null, idIn(file)]);
    assert.deepEqual(await running.values(), VALUES);
  });

  it('a rotation after a rotation is one, too; a key that was in use before is refused', async (t) => {
    const { world, file, running } = await openWorld(t, open);
    const first = join(dirname(file), 'first.key');
    cpSync(file, first);
    await running.keys.begin(ROTATE);
    await assert.rejects(running.keys.begin({ ...ROTATE, newKeyFile: first }), {
      code: 'config',
      message: /was in use before/,
    });
    await assert.rejects(running.keys.begin({ ...ROTATE, newKeyFile: file }), { code: 'config', message: /is in use/ });
    await running.keys.begin(ROTATE);
    assert.deepEqual(await running.values(), VALUES);
    assert.deepEqual(await valuesAfterStart(t, world), VALUES);
  });

  it('where an administrator keeps the file, it waits for the new key in it, and either key starts a broker until then', async (t) => {
    const { world, file, running, before } = await openWorld(t, open);
    const next = join(world.dataDir, 'next.key');
    await assert.rejects(running.keys.begin({ ...ROTATE, newKeyFile: next }), {
      code: 'config',
      message: new RegExp(`the new master key ${next} cannot be read .*openssl rand -base64 32`),
    });
    loadMasterKey({ dataDir: world.dataDir, file: next });
    await running.keys.begin({ ...ROTATE, newKeyFile: next });
    const waiting = await running.keys.status();
    assert.deepEqual(waiting.rotation?.waitsFor, [
      `this broker: put the new key (${next}) at ${file}; it is taken up by itself`,
    ]);
    assert.equal(idIn(file), before);
    const old = readFileSync(file);
    assert.deepEqual(await valuesAfterStart(t, world), VALUES);
    cpSync(next, file);
    assert.deepEqual(await valuesAfterStart(t, world), VALUES);
    writeFileSync(file, old);
    renameSync(next, file);
    await running.keys.begin({ ...ROTATE, newKeyFile: file });
    const { rotation, id } = await running.keys.status();
    assert.deepEqual([rotation, id], [null, idIn(file)]);
    assert.deepEqual(await running.values(), VALUES);
  });

  it('another one is refused while one is under way, which can be given up as long as the key of before is there', async (t) => {
    const { world, file, running, before } = await openWorld(t, open);
    const [lost, other] = ['lost.key', 'other.key'].map((name) => join(world.dataDir, name));
    for (const path of [lost, other]) loadMasterKey({ dataDir: world.dataDir, ...(path && { file: path }) });
    await running.keys.begin({ ...ROTATE, newKeyFile: lost });
    await assert.rejects(running.keys.begin({ ...ROTATE, newKeyFile: other }), {
      code: 'conflict',
      message: /--start-over/,
    });
    rmSync(lost ?? '');
    await running.stop();
    const restarted = await startOn(t, world, await world.reopen());
    await restarted.keys.begin(ROTATE);
    assert.match((await restarted.keys.status()).rotation?.waitsFor.join() ?? '', /put the new key/);
    assert.equal(idIn(file), before);
    await restarted.keys.begin({ ...ROTATE, startOver: true });
    assert.equal((await restarted.keys.status()).rotation, null);
    assert.notEqual(idIn(file), before);
    assert.deepEqual(await restarted.values(), VALUES);
  });

  it('a broker that was killed after any step opens everything at its next start, and goes on to the end', async (t) => {
    for (let done = 1; done <= STEPS.length; done++) {
      const { world, file, running, before } = await openWorld(t, open);
      const { files } = running.vault.keyring;
      const next = files.makeNext();
      const old = { id: before, bytes: readKeyFile(file) };
      const names: string[] = [];
      for (const [name, step] of STEPS.slice(0, done)) {
        await step({ store: world.store, keyring: running.vault.keyring, file, next, old });
        names.push(name);
      }
      const place = names.at(-1) ?? '';
      await running.stop();
      const restarted = await startOn(t, world, await world.reopen());
      assert.deepEqual(await restarted.values(), VALUES, place);
      if (done > 1) await restarted.keys.start();
      else await restarted.keys.begin(ROTATE);
      assert.equal((await restarted.keys.status()).id, idIn(file), place);
      assert.notEqual(idIn(file), before, place);
      if (done > 1) assert.equal(idIn(file), next.id, place);
      const left = [`${file}.new`, `${file}.old`].filter((path) => existsSync(path));
      assert.deepEqual(left, [], place);
      assert.deepEqual(await restarted.values(), VALUES, place);
      const told = restarted.events.filter(({ type }) => type === 'key.rotated').length;
      assert.equal(told, place === 'it is told' ? 0 : 1, place);
    }
  });

  it('what an older version has sealed under the master key itself opens after a rotation', async (t) => {
    const world = await open(t);
    const { bytes, file } = loadMasterKey({ dataDir: world.dataDir });
    const { store } = world;
    const old = (context: string[], text: string) => seal(bytes, context, Buffer.from(text));
    const base64 = (sealed: Uint8Array) => Buffer.from(sealed).toString('base64');
    await store.settings.putIfAbsent('vault.key_check', base64(old(['purpose', 'vault.key_check'], 'vault.key_check')));
    await store.secrets.append(W, 'github', 'cli', (version) => old(['secret', W, 'github', String(version)], 'one'));
    await store.secrets.append(W, 'github', 'cli', (version) => old(['secret', W, 'github', String(version)], 'two'));
    await store.keys.add({ kid: 'k1', sealed: old(['purpose', 'key:k1'], 'signing') });
    const end = { id: 'c1', owner: 'ada', secretHash: 'h', taken: 1 };
    await store.leftChannels.put({ ...end, broker: 'b1', sealed: old(['purpose', 'answers:b1:c1'], 'answer') }, 9e14);
    const none = { grantId: null, userCode: null, uid: null, consumedAt: null, expiresAt: 9e14 };
    const idToken = JSON.stringify(base64(old(['purpose', 'idp-session:s1'], 'id token')));
    await store.oauth.upsert({ kind: 'IdpSession', idHash: 's1', payload: idToken, ...none });
    const refresh = { proofHash: 'p', sealed: base64(old(['purpose', 'refresh-answer:r1'], 'tokens')) };
    await store.oauth.upsert({ kind: 'RefreshAnswer', idHash: 'r1', payload: JSON.stringify(refresh), ...none });

    const user = await store.users.create({ workspaceId: W, name: 'ada', email: null, role: 'member', groups: [] });
    const transport = { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: {} } as const;
    const server = await store.servers.create({
      workspaceId: W,
      name: 'tickets',
      enabled: true,
      isolation: 'shared',
      trustAnnotations: false,
      transport,
    });
    const owner = `user:${user.id}` as const;
    const account = { workspaceId: W, serverId: server.id, owner, kind: 'keys', scopes: [], expiresAt: null } as const;
    await store.accounts.put({
      ...account,
      target: targetOf(transport),
      sealed: old(['purpose', `account ${W} ${server.id} ${owner}`], 'keys'),
    });

    const upgraded = await startOn(t, world);
    assert.deepEqual(await store.sealedBefore.list(), [], 'a data key has sealed all of it');
    // One more, of a broker of that version which ran on for a while.
    await store.keys.add({ kid: 'k2', sealed: old(['purpose', 'key:k2'], 'late') });
    const text = async (purpose: string, sealed: Uint8Array | null | undefined) =>
      Buffer.from(await upgraded.vault.open(purpose, sealed ?? new Uint8Array())).toString();
    assert.equal(await text('key:k2', (await store.keys.list())[1]?.sealed), 'late');
    await upgraded.keys.begin(ROTATE);
    assert.equal((await upgraded.keys.status()).id, idIn(file));
    assert.equal((await upgraded.vault.value(W, 'github')).value, 'two');
    const [k1, k2] = await store.keys.list();
    assert.deepEqual([await text('key:k1', k1?.sealed), await text('key:k2', k2?.sealed)], ['signing', 'late']);
    assert.equal(await text('answers:b1:c1', (await store.leftChannels.find('b1', 'c1', 0))?.sealed), 'answer');
    const kept = await store.accounts.find(server.id, owner);
    assert.equal(await text(`account ${W} ${server.id} ${owner}`, kept?.sealed), 'keys');
    const [session, answer] = await Promise.all([
      store.oauth.find('IdpSession', 's1'),
      store.oauth.find('RefreshAnswer', 'r1'),
    ]);
    const unpack = (payload: unknown) => Buffer.from(String(payload), 'base64');
    assert.equal(await text('idp-session:s1', unpack(JSON.parse(session?.payload ?? ''))), 'id token');
    const payload = JSON.parse(answer?.payload ?? '') as { proofHash: string; sealed: string };
    assert.equal(payload.proofHash, 'p');
    assert.equal(await text('refresh-answer:r1', unpack(payload.sealed)), 'tokens');
  });

  it('a store that is half sealed by a key that is not here is refused in one line, and so is a changed data key', async (t) => {
    const { world, file, running, before } = await openWorld(t, open);
    await running.keys.begin(ROTATE);
    const now = idIn(file);
    const [first] = (await world.store.keyring.read()).dataKeys;
    assert.deepEqual(await running.values(), VALUES);
    await world.tamper(`update wrapped_keys set master_key_id = '${before}' where data_key_id = '${first?.id}'`);
    await assert.rejects(startOn(t, world, await world.reopen()), {
      code: 'config',
      message: `1 of 2 data keys (${first?.id}) are sealed by no master key that is here: put the file of the key ${now} there`,
    });
    await world.tamper(`update wrapped_keys set master_key_id = '${now}' where data_key_id = '${first?.id}'`);
    assert.deepEqual(await valuesAfterStart(t, world), VALUES);
    const zeros = world.kind === 'sqlite' ? `x'01${'00'.repeat(60)}'` : `'\\x01${'00'.repeat(60)}'`;
    await world.tamper(`update wrapped_keys set wrapped = ${zeros} where data_key_id = '${first?.id}'`);
    await assert.rejects(startOn(t, world, await world.reopen()), {
      code: 'config',
      message: `1 of 2 data keys (${first?.id}) cannot be opened with ${file}: their stored form was changed; restore the database from a backup`,
    });
    assert.deepEqual(await running.values(), VALUES, 'a broker that runs goes on');
  });

  it('says where the right key lies where it is beside the file', async (t) => {
    const { world, file } = await openWorld(t, open);
    renameSync(file, `${file}.old`);
    loadMasterKey({ dataDir: world.dataDir });
    await assert.rejects(startOn(t, world, await world.reopen()), {
      code: 'config',
      message: new RegExp(`is not the one this database was sealed with .*\\(${file}\\.old holds it\\)$`),
    });
  });
});

type Step = (at: {
  store: Store;
  keyring: Keyring;
  file: string;
  next: { id: string; bytes: Uint8Array };
  old: { id: string; bytes: Uint8Array };
}) => Promise<void> | void;

/** A rotation, step by step, in its order. */
const STEPS: readonly [string, Step][] = [
  ['the new key is made', () => undefined],
  [
    'the rotation is begun',
    ({ store, next }) => store.keyring.stage({ id: next.id, keyFile: null, begunBy: 'host:ada' }),
  ],
  [
    'data keys are sealed by the new one',
    ({ store, keyring, next }) => store.keyring.wrap(next.id, keyring.missingUnder(next)),
  ],
  [
    'a copy of the key of before is half written',
    ({ file, old }) =>
      writeFileSync(`${file}.old`, Buffer.from(old.bytes).toString('base64').slice(9), { mode: 0o600 }),
  ],
  ['the key of before is copied', ({ file }) => cpSync(file, `${file}.old`)],
  ['the new key is in its place', ({ keyring, next, old }) => keyring.files.swap(next.id, old)],
  [
    'the end is in the database',
    async ({ store, next, old }) => {
      const key = makeDataKey();
      const fresh = { dataKeyId: key.id, wrapped: wrapDataKey(next.bytes, key) };
      assert.equal(await store.keyring.finish({ from: old.id, to: next.id, fresh }), true);
      assert.equal(await store.keyring.finish({ from: old.id, to: next.id, fresh }), false, 'once');
    },
  ],
  ['it is told', ({ store, next }) => store.keyring.told(next.id)],
];
