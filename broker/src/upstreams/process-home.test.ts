import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { createProcessHomes, type ProcessHome } from './process-home.ts';

const isRoot = process.getuid?.() === 0;

async function broker(t: TestContext) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mcpgate-homes-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return createProcessHomes({ dataDir, isRoot });
}

/** Gives back what is written to it. */
async function runIn(t: TestContext, { directory, uid }: ProcessHome): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn('/bin/cat', { cwd: '/', env: { HOME: directory }, ...(uid !== undefined && { uid }) });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

it('what runs as the same uid for another broker, or for another program of the computer, lives on when a home is removed', async (t) => {
  const homes = await broker(t);
  const home = await homes.prepare('a', 'session');
  const process = await runIn(t, home);
  const neighbour = await runIn(t, { ...home, directory: '/var/lib/another-broker/upstreams/a/session' });
  const ended = once(process, 'exit');
  await homes.removeLeaf('a', 'session');
  if (isRoot) await ended;
  neighbour.stdin.write('still here');
  assert.equal(String((await once(neighbour.stdout, 'data', { signal: AbortSignal.timeout(5000) }))[0]), 'still here');

  const next = await homes.prepare('a', 'next');
  if (isRoot) assert.notEqual(next.uid, home.uid, 'a uid that someone runs as is nobody’s home');
});
