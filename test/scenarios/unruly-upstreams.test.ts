// Upstreams that misbehave: each costs one clear line, never the list or the calls of the others.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { REPOSITORY } from '../step.ts';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld, type World } from '../world.ts';
import type { AiClient } from '../world/clients/ai-client.ts';
import { callRecord } from '../world/call-rows.ts';
import type { Person } from '../world/people/person.ts';

let world: World;
let upstream: CountingUpstream;
let ada: Person;
let script: string;

before(async () => {
  upstream = await startCountingUpstream();
  world = await openWorld({ servers: { counting: { url: upstream.url } } });
  script = join(world.root, 'unruly-server.cjs');
  copyFileSync(join(REPOSITORY, 'test/upstreams/unruly-server.cjs'), script);
  chmodSync(script, 0o644);
  await world.importServers({ steady: entry('steady') });
  ada = await world.member('ada');
});
after(async () => {
  await world.close();
  await upstream.close();
});

const entry = (mode: string) => ({ command: process.execPath, args: [script, mode] });

/** A client, beside whose `counting` and `steady` there is one server that misbehaves, for as long as the test. */
async function clientWith(t: TestContext, mode?: string, person = ada): Promise<AiClient> {
  if (mode !== undefined) {
    await world.importServers({ [mode]: entry(mode) });
    t.after(() => world.broker.run(['server', 'remove', mode]));
  }
  const client = await person.aiClient();
  t.after(() => client.close());
  return client;
}

test('one that does not start is told by name, with its own words, and hides no other', async (t) => {
  // Hers for the first time: nothing is known of a list that could be shown in its place.
  const client = await clientWith(t, 'no-start', await world.member('joan'));
  const names = await client.toolNames();
  const ofOthers = names.filter((name) => !/^(counting|steady)__/.test(name));
  assert.ok(names.includes('counting__echo'), `listed: ${names.join()}`);
  assert.deepEqual(ofOthers, []);
  const answer = await client.call('no-start__say').catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(answer.isError, true);
  assert.match(answer.text, /no-start/);
  const shown = await world.broker.cli(['server', 'test', 'no-start']);
  assert.equal(shown.code, 1);
  assert.match(shown.stdout + shown.stderr, /licence key is missing/);
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
});

test('one that prints noise on stdout works', async (t) => {
  const client = await clientWith(t, 'noise');
  assert.equal((await client.call('noise__say', { text: 'through the noise' })).text, 'through the noise');
});

test('one that dies in a call: the caller is told, it is not called twice, and the next call gets a new one', async (t) => {
  const client = await clientWith(t, 'dies');
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
  const client = await clientWith(t, 'garbage');
  const answer = await client.call('garbage__say', { text: 'x' });
  assert.equal(answer.isError, true);
  assert.match(answer.text, /^\[mcpgate\]/);
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
});

test('5 MB pass both ways of connecting', async (t) => {
  const client = await clientWith(t, 'large');
  assert.equal((await client.call('large__say', { bytes: 5_000_000 })).text.length, 5_000_000);
  assert.equal((await client.call('counting__large', { bytes: 5_000_000 })).text.length, 5_000_000);
});

test('one that never answers its handshake blocks neither the list nor the calls of the others', async (t) => {
  const client = await clientWith(t, 'mute', await world.member('linus'));
  assert.ok((await client.toolNames()).includes('counting__echo'));
  assert.equal((await client.call('counting__echo', { text: 'lives' })).text, 'lives');
  const shown = await world.broker.cli(['server', 'show', 'mute', '--json']);
  assert.equal((JSON.parse(shown.stdout) as { state: string }).state, 'starting', 'nobody has waited for its end');
});

test('a stdio upstream gets a minimal environment, and another user than the broker where that is root', async (t) => {
  const client = await clientWith(t);
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
  await world.importServers({ own: entry('steady') }, { args: ['--isolation', 'own=per-user'] });
  t.after(() => world.broker.run(['server', 'remove', 'own']));
  const [adas, graces] = [await clientWith(t), await (await world.member('grace')).aiClient()];
  const instance = async (client: AiClient, tool: string) => (await client.call(tool)).text;
  assert.equal(await instance(adas, 'steady__instance'), await instance(graces, 'steady__instance'));
  assert.notEqual(await instance(adas, 'own__instance'), await instance(graces, 'own__instance'));
  assert.equal(await instance(adas, 'own__instance'), await instance(adas, 'own__instance'));
});
