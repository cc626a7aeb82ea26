import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createCopyFiles } from './copy-files.ts';

function folder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'mg-copies-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'cache');
}

const silent = (line: string) => assert.fail(line);
const COPIES = { initialize: '{"instructions":"é"}', 'tools/list': '{"tools":[]}' };

test('what one process has written the next one reads, from a file that only its owner can', (t) => {
  const cache = folder(t);
  createCopyFiles(cache, silent).write('ada', COPIES);
  const again = createCopyFiles(cache, silent);
  assert.deepEqual(again.read('ada'), COPIES);
  assert.deepEqual(again.read('grace'), {});
  const [name = '', ...others] = readdirSync(cache);
  assert.deepEqual(
    [others, statSync(join(cache, name)).mode & 0o777, statSync(cache).mode & 0o777],
    [[], 0o600, 0o700],
  );
});

test('a damaged file is as none, and is written over', (t) => {
  const cache = folder(t);
  createCopyFiles(cache, silent).write('ada', COPIES);
  const [name = ''] = readdirSync(cache);
  writeFileSync(join(cache, name), '{"key":"ada","tools/list":{"to');
  const again = createCopyFiles(cache, silent);
  assert.deepEqual(again.read('ada'), {});
  again.write('ada', COPIES);
  assert.deepEqual(createCopyFiles(cache, silent).read('ada'), COPIES);
});

test('there are never more than 64 files', (t) => {
  const cache = folder(t);
  const files = createCopyFiles(cache, silent);
  for (let count = 0; count < 80; count++) files.write(`login ${count}`, COPIES);
  assert.equal(readdirSync(cache).length, 64);
  assert.deepEqual(createCopyFiles(cache, silent).read('login 79'), COPIES);
});

test('a folder that cannot be written is told, and costs nothing else', (t) => {
  const cache = folder(t);
  writeFileSync(cache, 'a file in its place');
  const said: string[] = [];
  createCopyFiles(cache, (line) => said.push(line)).write('ada', COPIES);
  assert.match(said.join(), /cannot keep what is known/);
});
