import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { endLeftovers, endLeftoversBelow, MARK } from './leftovers.ts';
import { readProcessTable, unlessGone } from './process-table.ts';
import { createProcessHomes, type ProcessHome } from './process-home.ts';

const isRoot = process.getuid?.() === 0;

async function broker(t: TestContext) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mcpgate-homes-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return createProcessHomes({ dataDir, isRoot });
}

/** Another broker: a process of its own that starts `sleep` as `uid`, prints its id, and goes on. */
async function neighbourRunning(t: TestContext, uid: number | undefined): Promise<number> {
  const code = `
    const { spawn } = require('node:child_process');
    const child = spawn('/bin/sleep', ['1000'], { cwd: '/', env: {}, detached: true, ...${JSON.stringify({ uid })} });
    child.once('spawn', () => console.log(child.pid));
    process.once('SIGTERM', () => { child.kill('SIGKILL'); process.exit(0); });
    setInterval(() => {}, 1000);`;
  const broker = spawn(process.execPath, ['-e', code]);
  t.after(() => broker.kill('SIGTERM'));
  return Number(String((await once(broker.stdout, 'data'))[0]));
}

/** A process of the home's server, which has left its group and its parent, and says nothing of where it is from. */
async function leftIn(
  t: TestContext,
  { directory, uid }: ProcessHome,
): Promise<{ pid: number; ended: Promise<unknown> }> {
  const env = uid === undefined ? { [MARK]: directory } : {};
  const server = spawn('/bin/sh', ['-c', 'setsid /bin/sleep 1000 & echo $!'], {
    cwd: '/',
    env,
    ...(uid !== undefined && { uid }),
  });
  // The pipe is open for as long as the process that was left lives.
  const ended = once(server.stdout, 'end');
  const [told] = await Promise.all([once(server.stdout, 'data'), once(server, 'exit')]);
  const pid = Number(String(told[0]));
  t.after(() => void unlessGone(() => process.kill(pid, 'SIGKILL')));
  return { pid, ended };
}

it('what runs as the same uid for another broker of the computer lives on when a home is removed', async (t) => {
  const homes = await broker(t);
  const home = await homes.prepare('a', 'session');
  const left = await leftIn(t, home);
  const neighbour = await neighbourRunning(t, home.uid);
  await homes.removeHome('a', 'session');
  await left.ended;
  process.kill(neighbour, 0);

  const next = await homes.prepare('a', 'next');
  if (isRoot) assert.notEqual(next.uid, home.uid, 'a uid that someone runs as is nobody’s home');
});

it('what is left of a broker that was killed is ended by the next one, and what goes on of the same home is not', async (t) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mcpgate-homes-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const home = await createProcessHomes({ dataDir, isRoot }).prepare('a', 'shared');
  const left = await leftIn(t, home);
  let living = await leftIn(t, home);
  // The kernel tells in hundredths of a second when a process started: of two that started in the same one, neither is older.
  const startOf = ({ pid }: { pid: number }) => readProcessTable().get(pid)?.started ?? 0;
  while (startOf(living) === startOf(left)) living = await leftIn(t, home);
  endLeftovers(home.directory, home.uid, [living.pid]);
  await left.ended;
  process.kill(living.pid, 0);
  endLeftoversBelow(path.join(dataDir, 'upstreams'), isRoot);
  await living.ended;
});

it('nothing but a folder of its own changes hands, whatever stands where its temporary files go', async (t) => {
  const homes = await broker(t);
  const { directory, temporary } = await homes.prepare('a', 'shared');
  const [closed, other] = [path.join(directory, '..', '..', 'closed'), path.join(directory, '..', '..', 'other')];
  await writeFile(closed, 'closed', { mode: 0o600 });
  await mkdir(other);
  const owners = async () => await Promise.all([closed, other].map(async (each) => (await lstat(each)).uid));
  const before = await owners();
  for (const put of [
    () => link(closed, temporary),
    () => symlink(closed, temporary),
    () => symlink(other, temporary),
  ]) {
    await rm(temporary, { recursive: true, force: true });
    await put();
    await homes.prepare('a', 'shared').catch(() => undefined);
    assert.deepEqual(await owners(), before);
  }
  await rm(temporary);
  const { uid } = await homes.prepare('a', 'shared');
  assert.equal((await lstat(temporary)).uid, uid ?? process.getuid?.());
});
