// Secrets of files: which ones may be read, by whatever name, and what of them is the value.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../store/fixtures/both-engines.ts';
import { createFileSource } from './file-source.ts';

/** A folder that is allowed, one that is the broker's, and one that is nobody's. */
function folders(t: TestContext) {
  const root = temporaryFolder(t);
  const [allowed, data, other] = ['allowed', 'data', 'other'].map((name) => {
    mkdirSync(join(root, name));
    return join(root, name);
  }) as [string, string, string];
  writeFileSync(join(data, 'master.key'), 'the key');
  writeFileSync(join(other, 'tls.key'), 'the TLS key');
  writeFileSync(join(allowed, 'token'), 'ghp_one\n');
  const source = createFileSource({
    files: [allowed, `${root}/teams/{workspace}`],
    closedPaths: [data, join(other, 'tls.key')],
  });
  const read = (path: string, workspaceId = 'default') => source.read({ text: path, workspaceId });
  return { root, allowed, data, other, read, source };
}

it('the value is the text without one line end, which may have several lines', async (t) => {
  const { allowed, read } = folders(t);
  const write = (text: string | Uint8Array) => writeFileSync(join(allowed, 'token'), text);
  for (const [text, value] of [
    ['ghp_one\n', 'ghp_one'],
    ['ghp_one\r\n', 'ghp_one'],
    ['ghp_one\n\n', 'ghp_one\n'],
    [' one\ntwo ', ' one\ntwo '],
    ['é'.repeat(32 * 1024), 'é'.repeat(32 * 1024)],
  ] as const) {
    write(text);
    assert.equal(await read(join(allowed, 'token')), value);
  }
});

it('what is no value is told by its path and what is the matter: empty, too long, no text, no file, gone', async (t) => {
  const { allowed, read } = folders(t);
  const path = join(allowed, 'token');
  const says = (message: RegExp, at = path) => assert.rejects(read(at), { code: 'unavailable', message });
  writeFileSync(path, '');
  await says(/token is empty$/);
  writeFileSync(path, '\n');
  await says(/token is empty$/);
  writeFileSync(path, 'x'.repeat(1024 * 1024));
  await says(/longer than 65536 bytes: that is no secret/);
  writeFileSync(path, Uint8Array.of(0xff, 0xfe));
  await says(/not valid UTF-8/);
  await says(/there is no such file/, join(allowed, 'none'));
  mkdirSync(join(allowed, 'folder'));
  await says(/no file/, join(allowed, 'folder'));
  execFileSync('/usr/bin/mkfifo', [join(allowed, 'pipe')]);
  await says(/no file/, join(allowed, 'pipe'));
});

it('a file that everybody may write is refused; one that everybody may read is not, as Kubernetes mounts them so', async (t) => {
  const { allowed, read } = folders(t);
  const path = join(allowed, 'token');
  chmodSync(path, 0o644);
  assert.equal(await read(path), 'ghp_one');
  chmodSync(path, 0o646);
  await assert.rejects(read(path), { code: 'unavailable', message: /everybody may write .*: chmod o-w it/ });
});

it('nothing is read outside of what the configuration allows, by no path and no link', async (t) => {
  const { root, allowed, other, read } = folders(t);
  const refused = (path: string, code: string) => assert.rejects(read(path), { code }, path);
  await refused(join(other, 'tls.key'), 'forbidden');
  await refused(`${allowed}-not/token`, 'forbidden');
  await refused(`${allowed}/../other/tls.key`, 'usage');
  await refused('token', 'usage');
  await refused(`${allowed}/`, 'usage');
  writeFileSync(join(other, 'plain'), 'x');
  symlinkSync(join(other, 'plain'), join(allowed, 'link'));
  await refused(join(allowed, 'link'), 'forbidden');
  symlinkSync('token', join(allowed, 'inner'));
  assert.equal(await read(join(allowed, 'inner')), 'ghp_one');
  mkdirSync(join(root, 'teams/b'), { recursive: true });
  writeFileSync(join(root, 'teams/b/token'), 'theirs');
  assert.equal(await read(join(root, 'teams/b/token'), 'b'), 'theirs');
  await refused(join(root, 'teams/b/token'), 'forbidden');
  await assert.rejects(read(join(root, 'teams/b/token'), 'c'), { code: 'forbidden', message: /for the workspace c/ });
});

it('what is the broker’s own is never read, whatever is allowed and by whatever name', async (t) => {
  const { root, allowed, data, other } = folders(t);
  const open = createFileSource({ files: ['/'], closedPaths: [data, join(other, 'tls.key')] });
  linkSync(join(other, 'tls.key'), join(allowed, 'second-name'));
  symlinkSync(data, join(allowed, 'data-link'));
  for (const path of [
    join(data, 'master.key'),
    join(other, 'tls.key'),
    join(allowed, 'second-name'),
    join(allowed, 'data-link/master.key'),
    '/proc/self/environ',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
  ]) {
    const read = open.read({ text: path, workspaceId: 'default' });
    // Where there is no cluster, there is no such file either.
    await assert.rejects(read, /is of the broker itself, or of its host|there is no such file/, path);
  }
  assert.equal(await open.read({ text: join(root, 'allowed/token'), workspaceId: 'default' }), 'ghp_one');
});

it('the stamp is another one after every change, also one that keeps its length', async (t) => {
  const { allowed, source } = folders(t);
  const wanted = { text: join(allowed, 'token'), workspaceId: 'default' };
  const stamp = () => source.stamp?.(wanted);
  const first = await stamp();
  assert.equal(await stamp(), first);
  writeFileSync(wanted.text, 'ghp_two\n');
  const second = await stamp();
  assert.notEqual(second, first);
  rmSync(wanted.text);
  assert.equal(await stamp(), 'ENOENT');
});
