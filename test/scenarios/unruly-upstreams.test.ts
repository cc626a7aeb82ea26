// Upstreams that misbehave: each costs one clear line, never the list or the calls of the others.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { REPOSITORY } from '../step.ts';
import type { World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';

async function worldWith(t: TestContext, modes: readonly string[]): Promise<World> {
  const { world } = await createCountingWorld(t);
  const script = join(world.root, 'unruly-server.cjs');
  copyFileSync(join(REPOSITORY, 'test/upstreams/unruly-server.cjs'), script);
  chmodSync(script, 0o644);
  const entries = modes.map((mode) => [mode, { command: process.execPath, args: [script, mode] }]);
  await world.importServers(Object.fromEntries(entries));
  return world;
}

test('one that does not start is told by name, with its own words, and hides no other', async (t) => {
  const world = await worldWith(t, ['no-start']);
  const client = await (await world.member('ada')).aiClient();
  const names = await client.toolNames();
  assert.ok(names.includes('counting__echo') && names.every((name) => name.startsWith('counting__')), names.join());
  const answer = await client.call('no-start__say').catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(answer.isError, true);
  assert.match(answer.text, /no-start/);
  const shown = await world.broker.cli(['server', 'test', 'no-start']);
  assert.equal(shown.code, 1);
  assert.match(shown.stdout + shown.stderr, /licence key is missing/);
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
});

test('one that prints noise on stdout works', async (t) => {
  const world = await worldWith(t, ['noise']);
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('noise__say', { text: 'through the noise' })).text, 'through the noise');
});

test('one that dies in a call: the caller is told, it is not called twice, and the next call gets a new one', async (t) => {
  const world = await worldWith(t, ['dies', 'steady']);
  const client = await (await world.member('ada')).aiClient();
  const answer = await client.call('dies__say', { text: 'x' });
  assert.equal(answer.isError, true);
  assert.ok(answer.text.startsWith('[mcpgate]'), answer.text);
  assert.match(answer.text, /dies/);
  const record = await callRecord(world.broker, ({ server }) => server === 'dies');
  assert.equal(record.status, 'unknown', 'nobody can tell whether it was carried out');
  assert.equal((await client.call('dies__say', { text: 'y' })).isError, true, 'it was started again, and died again');
  assert.equal((await client.call('steady__say', { text: 'lives' })).text, 'lives');
});

test('one that answers garbage: an error for the caller, the session lives on', async (t) => {
  const world = await worldWith(t, ['garbage']);
  const client = await (await world.member('ada')).aiClient();
  const answer = await client.call('garbage__say', { text: 'x' });
  assert.equal(answer.isError, true);
  assert.match(answer.text, /^\[mcpgate\]/);
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
});

test('5 MB pass both ways of connecting', async (t) => {
  const world = await worldWith(t, ['large']);
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('large__say', { bytes: 5_000_000 })).text.length, 5_000_000);
  assert.equal((await client.call('counting__large', { bytes: 5_000_000 })).text.length, 5_000_000);
});

test('one that never answers its handshake blocks neither the list nor the calls of the others', async (t) => {
  const world = await worldWith(t, ['mute']);
  const client = await (await world.member('ada')).aiClient();
  assert.ok((await client.toolNames()).includes('counting__echo'));
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
  const shown = await world.broker.cli(['server', 'show', 'mute', '--json']);
  assert.equal((JSON.parse(shown.stdout) as { state: string }).state, 'starting', 'nobody has waited for its end');
});

test('a stdio upstream gets a minimal environment, and another user than the broker where that is root', async (t) => {
  const world = await worldWith(t, ['steady']);
  const client = await (await world.member('ada')).aiClient();
  const { uid, env } = JSON.parse((await client.call('steady__environment')).text) as {
    uid: number;
    env: Record<string, string>;
  };
  assert.deepEqual(
    Object.keys(env).filter((name) => /MCPGATE|TOKEN|SECRET|KEY|DATABASE/.test(name)),
    ['MCPGATE_SERVER_HOME'], // its own folder, by which what it started is found
  );
  if (process.getuid?.() === 0) assert.notEqual(uid, 0);
});

test('per-user isolation: two people, two processes; shared: one', async (t) => {
  const world = await worldWith(t, ['steady']);
  const script = join(world.root, 'unruly-server.cjs');
  await world.importServers(
    { own: { command: process.execPath, args: [script, 'steady'] } },
    { args: ['--isolation', 'own=per-user'] },
  );
  const [ada, grace] = [await (await world.member('ada')).aiClient(), await (await world.member('grace')).aiClient()];
  const instance = async (client: typeof ada, tool: string) => (await client.call(tool)).text;
  assert.equal(await instance(ada, 'steady__instance'), await instance(grace, 'steady__instance'));
  assert.notEqual(await instance(ada, 'own__instance'), await instance(grace, 'own__instance'));
  assert.equal(await instance(ada, 'own__instance'), await instance(ada, 'own__instance'));
});
