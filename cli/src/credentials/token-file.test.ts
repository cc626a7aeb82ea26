import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createTokenFile, tokenFilePath } from './token-file.ts';

const ONE = { broker: 'https://one.example', workspace: 'default' };
const TWO = { broker: 'https://two.example', workspace: 'default' };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mg-token-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('credentials of several brokers live in one private file, which goes with the last', async (t) => {
  const configDir = folder(t);
  const store = createTokenFile(configDir);
  assert.equal(await store.read(ONE), null);
  await store.write(ONE, { kind: 'device', token: 'r1' });
  await store.write(TWO, { kind: 'grant', token: 'mcg_2' });
  assert.deepEqual(await store.read(ONE), { kind: 'device', token: 'r1' });
  assert.deepEqual(await store.read(TWO), { kind: 'grant', token: 'mcg_2' });
  assert.equal(statSync(tokenFilePath(configDir)).mode & 0o777, 0o600);
  assert.equal(await store.remove(ONE), true);
  assert.equal(await store.remove(ONE), false);
  await store.remove(TWO);
  assert.ok(!existsSync(tokenFilePath(configDir)));
});

test('a token is replaced only where the expected one is still there', async (t) => {
  const store = createTokenFile(folder(t));
  const [old, next] = [
    { kind: 'device', token: 'old' },
    { kind: 'device', token: 'next' },
  ] as const;
  assert.equal(await store.replace(ONE, old, next), false);
  await store.write(ONE, old);
  assert.equal(await store.replace(ONE, old, next), true);
  assert.equal(await store.replace(ONE, old, next), false);
  assert.deepEqual(await store.read(ONE), next);
});

test('a file that others can read, or that is damaged, is refused with what to do', async (t) => {
  const configDir = folder(t);
  const store = createTokenFile(configDir);
  await store.write(ONE, { kind: 'device', token: 'r1' });
  chmodSync(tokenFilePath(configDir), 0o644);
  await assert.rejects(store.read(ONE), /can be read by others: run `chmod 600/);
  chmodSync(tokenFilePath(configDir), 0o600);
  writeFileSync(tokenFilePath(configDir), '{ "cut');
  await assert.rejects(store.read(ONE), /damaged: delete it and log in again/);
});

test('the probe leaves nothing behind, and says where it cannot write', async (t) => {
  const configDir = folder(t);
  await createTokenFile(configDir).probe();
  assert.deepEqual(readdirSync(configDir), []);
  writeFileSync(join(configDir, 'file'), '');
  await assert.rejects(createTokenFile(join(configDir, 'file')).probe(), /cannot write the token file/);
});
