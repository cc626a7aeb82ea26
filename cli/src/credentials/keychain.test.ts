import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { startBusWithoutKeychain, startKeychain, type TestKeychain } from '../../../test/keychain.ts';
import { createKeychain } from './keychain.ts';

const ADDRESS = { broker: 'https://mcp.example.com', workspace: 'default' };
const CREDENTIAL = { kind: 'device', token: 'a-refresh-token' } as const;
let keychain: TestKeychain;

before(async () => {
  keychain = await startKeychain();
});
after(() => keychain.stop());

const open = (env: Record<string, string>, timeoutMs = 10_000, profile = 'default') =>
  createKeychain({ profile, env, timeoutMs });

const clear = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GateError);
  assert.equal(error.code, 'keychain');
  assert.match(error.message, pattern);
  assert.match(error.message, /MCPGATE_TOKEN_STORE=file/);
  assert.ok(!error.message.includes('\n'));
  return true;
};

test('what is written is read, replaced only where it is still the same, and removed', async () => {
  const store = open(keychain.env);
  await store.probe();
  assert.equal(await store.read(ADDRESS), null);
  await store.write(ADDRESS, CREDENTIAL);
  assert.deepEqual(await store.read(ADDRESS), CREDENTIAL);
  assert.match(keychain.secrets('mcpgate'), /account = https:\/\/mcp\.example\.com default/);
  const next = { kind: 'device', token: 'the-next-one' } as const;
  assert.equal(await store.replace(ADDRESS, next, next), false);
  assert.equal(await store.replace(ADDRESS, CREDENTIAL, next), true);
  assert.deepEqual(await store.read(ADDRESS), next);
  assert.equal(await store.read({ ...ADDRESS, workspace: 'other' }), null);
  const work = open(keychain.env, 10_000, 'work');
  assert.equal(await work.read(ADDRESS), null, 'the login of another profile at the same broker');
  await work.write(ADDRESS, { kind: 'grant', token: 'mcg_of_work' });
  assert.deepEqual(await store.read(ADDRESS), next);
  assert.equal(await work.remove(ADDRESS), true);
  assert.equal(await store.remove(ADDRESS), true);
  assert.equal(await store.remove(ADDRESS), false);
  assert.equal(await store.read(ADDRESS), null);
});

test('a locked keychain is told apart from a missing item, whatever is asked', async (t) => {
  const locked = await startKeychain();
  t.after(() => locked.stop());
  const store = open(locked.env);
  await store.write(ADDRESS, CREDENTIAL);
  locked.lock();
  await assert.rejects(store.read(ADDRESS), clear(/locked.*unlock/));
  await assert.rejects(store.probe(), clear(/locked/));
  await assert.rejects(store.write(ADDRESS, CREDENTIAL), clear(/locked/));
  await assert.rejects(store.replace(ADDRESS, CREDENTIAL, CREDENTIAL), clear(/locked/));
});

test('a bus without a keychain says what to install', async (t) => {
  const bus = await startBusWithoutKeychain();
  t.after(() => bus.stop());
  await assert.rejects(open(bus.env).read(ADDRESS), clear(/no keychain runs here.*gnome-keyring/));
});

test('no bus at all says so', async (t) => {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'mg-nobus-'));
  t.after(() => rmSync(runtimeDir, { recursive: true }));
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', XDG_RUNTIME_DIR: runtimeDir };
  await assert.rejects(open(env).probe(), clear(/no D-Bus/));
  await assert.rejects(open({ ...env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' }).probe(), clear(/no D-Bus/));
});

test('a keychain that never answers is given up at the deadline', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mg-mute-'));
  const path = join(folder, 'bus');
  const mute = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => mute.listen(path, resolve));
  t.after(() => {
    mute.close();
    rmSync(folder, { recursive: true });
  });
  const env = { ...keychain.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
  await assert.rejects(open(env, 600).read(ADDRESS), clear(/did not answer within 0\.6 s/));
});
