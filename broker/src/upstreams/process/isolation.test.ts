// What is looked at before a start may be another thing when it is started.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { createIsolator } from './isolation.ts';
import { FIRST_UID } from './server-uids.ts';

it('a folder that becomes a link to a closed one after it was looked at is not entered', async (t) => {
  const root = await mkdtemp('/var/tmp/mcpgate-swapped-');
  t.after(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o755);
  const [home, closed] = [path.join(root, 'home'), path.join(root, 'closed')];
  for (const folder of [home, path.join(home, 'work'), closed, path.join(closed, 'inner')]) await mkdir(folder);
  await writeFile(path.join(closed, 'inner', 'told'), 'closed on purpose', { mode: 0o644 });
  await chmod(closed, 0o700);
  for (const folder of [home, path.join(home, 'work')]) await chown(folder, FIRST_UID, FIRST_UID);
  const isolator = await createIsolator({
    isRoot: true,
    dataDir: path.join(root, 'data'),
    sandbox: 'off',
    readable: [],
    writable: [],
    secretFiles: [],
    userHome: undefined,
    path: '/usr/bin:/bin',
    toolPath: '',
  });
  const request = (env: Record<string, string>) => ({
    server: 'evil',
    home,
    uid: FIRST_UID,
    command: 'cat',
    network: 'full' as const,
    cwd: path.join(home, 'work'),
    env: { PATH: '/usr/bin:/bin', ...env },
    words: [],
    program: 'cat',
    args: ['told'],
  });
  const run = async () => {
    const { program, args, cwd, env, uid } = await isolator.start(request({}));
    return () => spawnSync(program, args, { cwd, env, uid, gid: uid, encoding: 'utf8' });
  };
  await writeFile(path.join(home, 'work', 'told'), 'its own', { mode: 0o644 });
  assert.equal((await run())().stdout, 'its own');

  const start = await run();
  await rm(path.join(home, 'work'), { recursive: true });
  await symlink(path.join(closed, 'inner'), path.join(home, 'work'));
  const { stdout, status } = start();
  assert.deepEqual([stdout, status], ['', 126]);

  await rm(path.join(home, 'work'));
  await mkdir(path.join(home, 'work'));
  await assert.rejects(isolator.start(request({ 'A.B': '1' })), /"A\.B" cannot be given/);
});
