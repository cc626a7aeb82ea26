// What an AI client notices of a server that comes and goes: one failed call at most.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { until } from '../../../test/world/until.ts';
import { fixtureServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, textOf } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

describe('a server that dies under a session', () => {
  it('costs the one call; what the session follows, the new process is told', async () => {
    world = await startWorld({ fix: fixtureServer(['follows']) });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.deepEqual((await client.request('resources/subscribe', { uri: 'fix+doc:1' })).result, {});
    const died = await client.call('fix__die');
    assert.equal(died.result?.['isError'], true);
    assert.match(textOf(died), /^\[mcpgate\].*server fix ended \(exit code 7\)/);
    assert.equal(textOf(await client.call('fix__echo', { text: 'back' })), 'back');
    const told = await until('both processes were told', async () => {
      const found = await world.received('fix', 'resources/subscribe');
      return found.length === 2 ? found : undefined;
    });
    assert.deepEqual(
      told.map(({ params }) => params),
      [{ uri: 'doc:1' }, { uri: 'doc:1' }],
    );

    await client.request('resources/unsubscribe', { uri: 'fix+doc:1' });
    await client.call('fix__die');
    assert.equal(textOf(await client.call('fix__echo', { text: 'again' })), 'again');
    assert.equal((await world.received('fix', 'resources/subscribe')).length, 2, 'nobody follows it any more');
  });

  it('is started again where a session follows a resource of it, also on a connection of its own', async () => {
    world = await startWorld({ fix: { transport: fixtureServer(['follows']), isolation: 'per-user' } });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    const follow = { uri: 'fix+doc:1', _meta: { progressToken: 1 } };
    assert.deepEqual((await client.request('resources/subscribe', follow)).result, {});
    await client.call('fix__die');
    const [home] = await world.homeNames('fix');
    await until('the new process was told', async () => {
      const told = await world.received('fix', 'resources/subscribe', home);
      return told.length === 2 ? told : undefined;
    });
  });

  it('is told the log level again where the connection is the session’s own', async () => {
    world = await startWorld({ fix: { transport: fixtureServer(['follows']), isolation: 'per-user' } });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    await client.request('logging/setLevel', { level: 'warning' });
    const levels = async () => {
      const [home] = await world.homeNames('fix');
      return (await world.received('fix', 'logging/setLevel', home)).length;
    };
    const before = await levels();
    await client.call('fix__die');
    await client.call('fix__echo');
    await until('the new process was told', async () => (await levels()) > before);
  });
});

describe('what only a faulty server sends', () => {
  it('strange and second answers reach nobody, and the server stays', async () => {
    world = await startWorld({ fix: fixtureServer(['rude']) });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.equal(textOf(await client.call('fix__stray')), 'the answer');
    assert.equal(textOf(await client.call('fix__echo', { text: 'on' })), 'on');
    assert.ok(!client.texts.some((text) => /of nobody|of another id|the same again|and an error/.test(text)));
  });

  it('megabytes of stderr are read, and the last hundred lines kept', async () => {
    world = await startWorld({ fix: fixtureServer(['rude']) });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.equal(textOf(await client.call('fix__shout', { lines: 8_000 })), 'shouted');
    const kept = await until('lines are kept', () => {
      const [status] = world.upstreams.status('default');
      return status?.stderr.length === 100 ? status.stderr : undefined;
    });
    assert.equal(kept.length, 100);
    assert.ok(kept.every((line) => line.length <= 1_000));
  });
});
