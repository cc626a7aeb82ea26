import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readSnapshot, replaceSnapshot } from './file-snapshot.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpgate-snapshot-'));
  path = join(folder, 'file.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('replacing a file', () => {
  it('is done where it is as it was read, and leaves nothing else behind', async () => {
    writeFileSync(path, 'one', { mode: 0o640 });
    assert.equal(await replaceSnapshot(await readSnapshot(path), Buffer.from('two')), true);
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(folder), ['file.json']);
  });

  for (const [name, meanwhile] of Object.entries({
    'another content': () => writeFileSync(path, 'theirs'),
    'nothing at all': () => rmSync(path),
    'a link to elsewhere': () => {
      rmSync(path);
      writeFileSync(join(folder, 'else'), 'one');
      symlinkSync('else', path);
    },
  })) {
    it(`is not done where it is ${name} meanwhile`, async () => {
      writeFileSync(path, 'one');
      const snapshot = await readSnapshot(path);
      meanwhile();
      const before = readdirSync(folder);
      assert.equal(await replaceSnapshot(snapshot, Buffer.from('two')), false);
      assert.deepEqual(readdirSync(folder), before);
      assert.ok(!before.includes('file.json') || readFileSync(path, 'utf8') !== 'two');
    });
  }

  it('is not done where there was no file and now there is one', async () => {
    const snapshot = await readSnapshot(path);
    writeFileSync(path, 'theirs');
    assert.equal(await replaceSnapshot(snapshot, Buffer.from('ours')), false);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
    assert.equal(await replaceSnapshot(snapshot, null), false);
    assert.equal(readFileSync(path, 'utf8'), 'theirs');
  });

  it('makes a file and its folders for this person only', async () => {
    const deep = join(folder, 'a', 'b', 'file.json');
    assert.equal(await replaceSnapshot(await readSnapshot(deep), Buffer.from('x')), true);
    assert.equal(statSync(deep).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o700);
  });
});
