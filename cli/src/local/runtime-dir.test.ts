import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { randomBytes } from './random-bytes.ts';
import { readLocalKey } from './runtime-dir.ts';

const NOBODY = 65_534;
let folder: string;
let runtimeDir: string;
let localKeyPath: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpgate-runtime-'));
  runtimeDir = join(folder, 'run');
  localKeyPath = join(runtimeDir, 'local.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => readLocalKey({ runtimeDir, localKeyPath }, randomBytes);
const refusal = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GateError);
  assert.equal(error.code, 'untrusted');
  assert.match(error.message, says);
  return true;
};

test('the key is made once, for its owner alone, and is the same for all who come', () => {
  const key = read();
  assert.equal(key.length, 32);
  assert.deepEqual(read(), key);
  assert.equal(statSync(localKeyPath).mode & 0o777, 0o600);
});

test('a runtime folder that is a link, a file or another user’s is refused by name, with what to do', () => {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, runtimeDir);
  assert.throws(read, refusal(/run is not a folder; remove it, or set MCPGATE_RUNTIME_DIR/));
  assert.equal(existsSync(join(elsewhere, 'local.key')), false, 'nothing was written through the link');
  rmSync(runtimeDir);
  mkdirSync(runtimeDir);
  chownSync(runtimeDir, NOBODY, NOBODY);
  assert.throws(read, refusal(/belongs to another user \(uid 65534\); set MCPGATE_RUNTIME_DIR/));
});

test('a key that was planted, or that others could read, is refused and not used', () => {
  read();
  const key = readFileSync(localKeyPath);
  chmodSync(localKeyPath, 0o644);
  assert.throws(read, refusal(/can be read by other users; remove it, then run `mcpgate daemon restart`/));
  chmodSync(localKeyPath, 0o600);
  chownSync(localKeyPath, NOBODY, NOBODY);
  assert.throws(read, refusal(/belongs to another user/));
  rmSync(localKeyPath);
  writeFileSync(join(folder, 'theirs'), key, { mode: 0o600 });
  symlinkSync(join(folder, 'theirs'), localKeyPath);
  assert.throws(read, refusal(/is a symbolic link/));
  rmSync(localKeyPath);
  writeFileSync(localKeyPath, 'short', { mode: 0o600 });
  assert.throws(read, refusal(/is damaged/));
});
