import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { loadMasterKey, readKeyFile } from './master-key.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-key-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('makes the key on the first start, for its owner only, and reads the same one afterwards', (t) => {
  const dataDir = join(temporaryFolder(t), 'data');
  const made = loadMasterKey({ dataDir });
  assert.equal(made.file, join(dataDir, 'master.key'));
  assert.equal(made.created, true);
  assert.equal(made.bytes.length, 32);
  assert.equal(statSync(made.file).mode & 0o777, 0o600);
  assert.equal(readFileSync(made.file, 'utf8'), `${Buffer.from(made.bytes).toString('base64')}\n`);
  assert.deepEqual(loadMasterKey({ dataDir }), { ...made, created: false });
});

it('makes another key each time', (t) => {
  const dataDir = temporaryFolder(t);
  const one = loadMasterKey({ dataDir, file: join(dataDir, 'one') });
  const two = loadMasterKey({ dataDir, file: join(dataDir, 'two') });
  assert.notDeepEqual(one.bytes, two.bytes);
});

it('refuses a key that others can read, and says how to mend it', (t) => {
  const dataDir = temporaryFolder(t);
  const { file } = loadMasterKey({ dataDir });
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file, mode);
    const message = `the master key ${file} can be read by others (mode ${mode.toString(8)}): run chmod 600 ${file}`;
    assert.throws(() => loadMasterKey({ dataDir }), { code: 'config', message });
  }
});

it('refuses a file that holds no key of 32 bytes, without showing what it holds', (t) => {
  const dataDir = temporaryFolder(t);
  const file = join(dataDir, 'master.key');
  const bytes = (count: number): string => Buffer.alloc(count, 'k').toString('base64');
  for (const text of ['', bytes(31), bytes(33), bytes(16), 'k'.repeat(32), `${bytes(32)} ${bytes(32)}`]) {
    writeFileSync(file, text, { mode: 0o600 });
    assert.throws(
      () => loadMasterKey({ dataDir }),
      (error: Error & { code?: unknown }) => {
        assert.equal(error.code, 'config');
        assert.ok(error.message.includes(file));
        assert.ok(text === '' || !error.message.includes(text));
        return true;
      },
    );
  }
});

it('says where it could not make the key', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const file = join(folder, 'file', 'master.key');
  assert.throws(() => loadMasterKey({ dataDir: folder, file }), { code: 'config', message: new RegExp(file) });
});

it('refuses what is no file of a key’s size at once: a pipe that nobody writes to, a folder, a large file', (t) => {
  const folder = temporaryFolder(t);
  const [pipe, large] = [join(folder, 'pipe'), join(folder, 'large')];
  execFileSync('mkfifo', ['-m', '600', pipe]);
  writeFileSync(large, `${Buffer.alloc(32, 'k').toString('base64')}${' '.repeat(1_000_000)}x`, { mode: 0o600 });
  for (const path of [pipe, folder])
    assert.throws(() => readKeyFile(path), {
      code: 'config',
      message: `the master key ${path} is no file; put the right file back`,
    });
  assert.throws(() => readKeyFile(large), { code: 'config', message: /wrong form/ });
});
