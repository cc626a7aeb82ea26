// A credential is rotated while calls run, and a broker may be killed at any step of it: seen from the service, which notes what each call carried.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import type { Broker } from '../world/broker.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { newCredential, openRotatingWorld, rotateInTurn, startLoad, wrongCalls } from '../world/rotations.ts';
import { filesHolding } from '../world/search.ts';
import { forSoLong } from '../world/for-so-long.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

interface Version {
  version: number;
  state: string;
  last_used_at: string | null;
}
interface Rotated {
  version: number;
  verified: boolean | null;
  old_refused: boolean | null;
  steps: { step: string; ok: boolean; detail: string }[];
}

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

/** `server`: one of them, with a fresh credential that the service takes besides the old one. */
async function open(t: TestContext, server: 'on-1' | 'at-1', databaseUrl?: string) {
  const rotating = await openRotatingWorld({ each: 1, ...(databaseUrl !== undefined && { databaseUrl }) });
  t.after(() => rotating.close());
  const { world, service, grant } = rotating;
  const [old, fresh] = [rotating.credentialOf(server), newCredential(server)];
  service.accept(server, fresh);
  const rotate = (broker: Broker, ...flags: string[]) =>
    broker.cli(['secret', 'rotate', server, '--json', ...flags], { stdin: fresh });
  const states = async (broker = world.broker) =>
    ((await broker.json(['secret', 'history', server])) as Version[]).map(
      ({ version, state }) => `${version} ${state}`,
    );
  /** What a call of now carries. */
  const carried = async (text: string, broker = world.broker) => {
    const caller = await openMcpCaller(broker.listenUrl, grant);
    assert.equal(await caller.call(`${server}__echo`, { text }), text);
    return service.calls.find((call) => call.text === text)?.credential;
  };
  return { ...rotating, server, old, fresh, rotate, states, carried };
}

async function killed(broker: Broker): Promise<void> {
  await broker.stop('SIGKILL');
  await broker.start();
}

test('under load 4 rotations of a stdio and an HTTP server fail no call, and none carries the old credential once they are told; no value is anywhere', async (t) => {
  const rotating = await openRotatingWorld({ each: 1 });
  t.after(() => rotating.close());
  const { world, service } = rotating;
  const load = await startLoad(rotating, [world.broker.listenUrl], 40);
  await load.answered(20);
  const told = await rotateInTurn(rotating, [world.broker], 4, () => load.answered(20));
  const { failures } = await load.stop();
  assert.deepEqual(failures, []);
  assert.deepEqual(wrongCalls(service, told), { late: [], refused: [], twice: [] });
  assert.deepEqual(
    told.map(({ server, verified }) => [server, verified]),
    ['on-1', 'at-1', 'on-1', 'at-1'].map((server) => [server, true]),
  );
  const values = [...new Set(service.calls.map(({ credential }) => credential))];
  assert.equal(values.length, 6);
  assert.deepEqual(filesHolding(world.root, values), []);
  assert.ok(values.every((value) => !world.broker.output().includes(value)));
  const uses = (await world.broker.json(['secret', 'blast', 'at-1', '--since', '1h'])) as { calls: number };
  assert.equal(uses.calls, service.calls.filter(({ server, tool }) => server === 'at-1' && tool === 'echo').length);
});

for (const server of ['on-1', 'at-1'] as const) {
  test(`${server}: a broker that is killed while it probes goes on with the old credential, and the new one can be rotated to again`, async (t) => {
    const { world, service, old, fresh, rotate, states, carried } = await open(t, server);
    service.hold(({ tool, credential }) => tool === 'whoami' && credential === fresh);
    const command = rotate(world.broker);
    await service.arrived(({ tool, credential }) => tool === 'whoami' && credential === fresh);
    assert.deepEqual(await states(), ['2 staged', '1 current']);
    assert.equal(await carried('meanwhile'), old);
    await killed(world.broker);
    service.hold(undefined);
    assert.equal((await command).code, 4);
    assert.deepEqual(await states(), ['2 discarded', '1 current']);
    assert.equal(await carried('after'), old);
    const events = (await world.broker.json(['audit', 'search', '--events', '--type', 'secret.rotation*'])) as {
      type: string;
    }[];
    assert.deepEqual(
      events.map(({ type }) => type),
      ['secret.rotation_abandoned', 'secret.rotation_begun'],
    );
    const again = JSON.parse((await rotate(world.broker)).stdout) as Rotated;
    assert.deepEqual([again.version, again.verified, await carried('again')], [3, true, fresh]);
  });

  test(`${server}: a broker that is killed once it has switched goes on with the new credential; a call that ran with the old one had ended with it`, async (t) => {
    const { world, service, grant, old, fresh, rotate, states, carried } = await open(t, server);
    const caller = await openMcpCaller(world.broker.listenUrl, grant);
    service.hold(({ text }) => text === 'long');
    const long = caller.call(`${server}__echo`, { text: 'long' });
    await service.arrived(({ text }) => text === 'long');
    const command = rotate(world.broker, '--prove-dead');
    await service.arrived(({ tool, credential }) => tool === 'whoami' && credential === fresh);
    let switched: string | undefined;
    for (let count = 0; switched !== fresh; count += 1) switched = await carried(`until it is switched ${count}`);
    service.hold(undefined);
    assert.equal(await long, 'long');
    assert.equal(service.calls.find(({ text }) => text === 'long')?.credential, old);
    // It is killed while it proves that the old one is dead.
    service.hold(({ tool, credential }) => tool === 'whoami' && credential === old);
    await Promise.race([command, service.arrived(({ tool, credential }) => tool === 'whoami' && credential === old)]);
    await killed(world.broker);
    service.hold(undefined);
    await command;
    assert.deepEqual(await states(), ['2 current', '1 retired']);
    assert.equal(await carried('after'), fresh);
  });
}

test('a broker that is killed between the switch and its record has the log say so once it runs again', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { world, server, rotate, states } = await open(t, 'at-1', databaseUrl);
  const second = await startSecondBroker(t, world, databaseUrl);
  // It confirms no switch, which the first one waits for before it writes the switch into the log.
  process.kill(second.pid, 'SIGSTOP');
  const command = rotate(world.broker);
  await until('the switch', async () => (await states()).includes('2 current'));
  await world.broker.stop('SIGKILL');
  process.kill(second.pid, 'SIGCONT');
  assert.equal((await command).code, 4);
  await second.stop();
  await world.broker.start();
  const rotated = async () =>
    (await world.broker.json(['audit', 'search', '--events', '--type', 'secret.rotated'])) as { data: object }[];
  // So long the one that switched could have been about to say so.
  await forSoLong(15_000);
  await world.broker.run(['secret', 'set', 'another'], { stdin: 'a change has the secrets looked at' });
  await until('the record', async () => (await rotated()).length > 0);
  assert.partialDeepStrictEqual(
    (await rotated()).map(({ data }) => data),
    [{ version: 2, from: 1 }],
  );
  assert.equal(server, 'at-1');
});

test('a call that goes on for longer than the rotation ends with the old credential, and that it does is said', async (t) => {
  const { world, service, grant, server, old, fresh, rotate, carried } = await open(t, 'at-1');
  const caller = await openMcpCaller(world.broker.listenUrl, grant);
  service.hold(({ text }) => text === 'long');
  const long = caller.call(`${server}__echo`, { text: 'long' });
  await service.arrived(({ text }) => text === 'long');
  const rotated = JSON.parse((await rotate(world.broker)).stdout) as Rotated;
  const retired = rotated.steps.find(({ step }) => step === 'retire');
  assert.equal(retired?.detail, 'version 1 is retired; a call that is under way carries it to the end');
  assert.equal(await carried('meanwhile'), fresh);
  service.hold(undefined);
  assert.equal(await long, 'long');
  assert.equal(service.calls.find(({ text }) => text === 'long')?.credential, old);
});

test('two brokers: a rotation at one is told when the other uses the new credential too; a second one at the other is refused by name', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { world, service, server, old, fresh, rotate, states, carried } = await open(t, 'on-1', databaseUrl);
  const second = await startSecondBroker(t, world, databaseUrl);
  assert.equal(await carried('before', second), old);
  service.hold(({ tool, credential }) => tool === 'whoami' && credential === fresh);
  const command = rotate(world.broker);
  await service.arrived(({ tool, credential }) => tool === 'whoami' && credential === fresh);
  const other = await second.cli(['secret', 'rotate', server], { stdin: newCredential(server) });
  assert.equal(other.code, 1);
  assert.match(other.stderr, /a rotation of the secret on-1 is under way by host:\S+, since .*\(version 2 is staged\)/);
  service.hold(undefined);
  const rotated = JSON.parse((await command).stdout) as Rotated;
  const told = rotated.steps.find(({ step }) => step === 'switch');
  assert.equal(told?.detail, 'new calls carry version 2, here and at 1 other broker');
  service.revoke(server, old);
  for (const [index, broker] of [second, world.broker].entries())
    assert.equal(await carried(`after ${index}`, broker), fresh);
  // What a broker that is killed has staged keeps nobody from using what is current.
  service.hold(({ tool }) => tool === 'whoami');
  const left = second.cli(['secret', 'rotate', server], { stdin: newCredential(server) });
  await service.arrived(({ tool, credential }) => tool === 'whoami' && credential !== fresh && credential !== old);
  await second.stop('SIGKILL');
  service.hold(undefined);
  assert.equal((await left).code, 4);
  assert.deepEqual((await states()).slice(0, 2), ['3 staged', '2 current']);
  assert.equal(await carried('at the first one'), fresh);
});
