// What no honest server sends. Whatever it is, the broker lives on, whoever called is told which server it was, and nobody else notices.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { until } from '../../../test/world/until.ts';
import { fixtureServer, toldServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, textOf, type TestClient } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

const NESTED = '['.repeat(10_000) + ']'.repeat(10_000);

async function start(
  character: Record<string, unknown> = {},
  isolation: 'shared' | 'per-session' = 'shared',
): Promise<TestClient> {
  world = await startWorld({ told: { transport: toldServer(character), isolation }, honest: fixtureServer() });
  await world.rule('allow', '*', '*');
  return world.connect();
}

async function isUnharmed(client: TestClient): Promise<void> {
  const neighbour = world.connect();
  assert.equal(textOf(await neighbour.call('honest__echo', { text: 'lives' })), 'lives');
  assert.equal(textOf(await client.call('told__say')), 'said');
  const [status] = world.upstreams.status('default').filter(({ name }) => name === 'told');
  assert.equal(status?.state, 'ready');
}

describe('a hostile server', () => {
  it('that names its messages after what every object has harms nobody', async () => {
    const client = await start();
    const methods = ['constructor', '__proto__', 'toString', 'hasOwnProperty', ''];
    const lines = methods.flatMap((method) => [
      JSON.stringify({ jsonrpc: '2.0', method }),
      JSON.stringify({ jsonrpc: '2.0', method, id: `asks ${method}` }),
    ]);
    assert.equal(textOf(await client.call('told__say', { lines })), 'said');
    await isUnharmed(client);
    const log = await world.received('told', undefined);
    for (const method of methods) {
      const answers = log.filter(({ id, error }) => id === `asks ${method}` && error !== undefined);
      assert.equal(answers.length, 1, `asked ${method}`);
    }
  });

  it('whose notifications have params that are none harms nobody', async () => {
    const client = await start({ capabilities: { resources: { subscribe: true }, logging: {} } }, 'per-session');
    const methods = [
      'notifications/resources/updated',
      'notifications/message',
      'notifications/progress',
      'notifications/cancelled',
      'notifications/tasks/status',
      'notifications/elicitation/complete',
      'notifications/tools/list_changed',
    ];
    const params = ['[1]', '"text"', '7', 'null', NESTED, `{"uri":${NESTED},"requestId":${NESTED},"taskId":[{}]}`];
    const lines = methods.flatMap((method) =>
      params.map((each) => `{"jsonrpc":"2.0","method":"${method}","params":${each}}`),
    );
    assert.equal(textOf(await client.call('told__say', { lines })), 'said');
    await isUnharmed(client);
  });

  it('that asks under strange ids gets each answered under the id as it was written, or none', async () => {
    const client = await start();
    const ids = ['0', '-1', '1.5', '12345678901234567890', '"\\u0041"', '""', '1e3'];
    const noIds = ['{}', '[1]', 'true', NESTED];
    const lines = [...ids, ...noIds].map((id) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    assert.equal(textOf(await client.call('told__say', { lines })), 'said');
    await isUnharmed(client);
    const answers = await until('they are answered', async () => {
      const texts = await world.receivedTexts('told');
      const found = texts.filter((text) => text.includes('"result"'));
      return found.length >= ids.length ? found : undefined;
    });
    assert.deepEqual(
      answers,
      ids.map((id) => `{"jsonrpc":"2.0","id":${id},"result":{}}`),
    );
  });

  it('that answers with neither a result nor an error is named at once', async () => {
    const client = await start();
    for (const answer of ['"result":null', '"error":null', '"results":{}']) {
      const lines = [`{"jsonrpc":"2.0","id":$ID,${answer}}`];
      const message = await client.call('told__say', { lines, silent: true });
      assert.equal(message.result?.['isError'], true, answer);
      assert.match(textOf(message), /^\[mcpgate\].*server told answered .*neither/, answer);
    }
    await isUnharmed(client);
  });

  it('that answers what was not asked yet, and again what is over, answers nothing', async () => {
    const client = await start();
    const early = Array.from({ length: 500 }, (_, n) => `{"jsonrpc":"2.0","id":${n + 50},"result":{"content":[]}}`);
    const again = ['-1', '0', '1', '2'].map((id) => `{"jsonrpc":"2.0","id":${id},"error":{"code":1,"message":"x"}}`);
    assert.equal(textOf(await client.call('told__say', { lines: [...early, ...again] })), 'said');
    for (let n = 0; n < 100; n++) assert.equal(textOf(await client.call('told__say')), 'said');
    await isUnharmed(client);
  });

  it('that sends several messages as one array is heard as of 2025-03-26, and what is none in it is noise', async () => {
    const client = await start({}, 'per-session');
    const answer = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"in an array"}]}}';
    const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}';
    const lines = [`[7,[],${note},null, ${answer}]`];
    for (const noise of ['[]', '[1,2]', NESTED]) lines.unshift(noise);
    assert.equal(textOf(await client.call('told__say', { lines, silent: true })), 'in an array');
    assert.ok(client.texts.some((text) => text.includes('"notifications/message"')));
    await isUnharmed(client);
  });

  it('whose answer is nested ten thousand levels deep is passed on as it is', async () => {
    const client = await start();
    const result = `{"content":[],"structuredContent":{"mcpgate":${NESTED}},"_meta":{"mcpgate/x":${NESTED}},"uri":"\\u0041"}`;
    const lines = [`{"jsonrpc":"2.0","id":$ID,"result":${result}}`];
    client.raw(
      `{"jsonrpc":"2.0","id":"deep","method":"tools/call","params":{"name":"told__say","arguments":${JSON.stringify({ lines, silent: true })}}}`,
    );
    await client.next(({ id }) => id === 'deep');
    assert.ok(client.texts.at(-1)?.includes(`"structuredContent":{"mcpgate":${NESTED}}`));
    await isUnharmed(client);
  });

  it('that says with every list that it has changed is listed all the same, and not for ever', async () => {
    const client = await start({ isRestless: true });
    for (let n = 0; n < 3; n++) assert.ok((await client.toolNames()).includes('told__say'));
    await isUnharmed(client);
    const asked = (await world.received('told', 'tools/list')).length;
    assert.ok(asked < 20, `asked ${asked} times`);
  });

  it('that says ten thousand times that its list has changed is told of in a few words, and listed a few times', async () => {
    const client = await start();
    await client.toolNames();
    const lines = ['{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'];
    assert.equal(textOf(await client.call('told__say', { lines, times: 10_000 })), 'said');
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    assert.ok((await client.toolNames()).includes('told__say'));
    await isUnharmed(client);
    const told = client.texts.filter((text) => text.includes('list_changed')).length;
    const asked = (await world.received('told', 'tools/list')).length;
    assert.ok(told < 200 && asked < 20, `told ${told} times, asked ${asked} times`);
  });

  it('whose handshake is nested ten thousand levels deep is told by name, alone or among others', async () => {
    const client = await start({ capabilitiesText: `{"tools":{},"strange":${NESTED}}` });
    const handshake = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    for (const each of [client, world.connect(undefined, 'told')])
      assert.ok((await each.request('initialize', handshake)).result);
    const message = await client.call('told__say');
    assert.match(textOf(message), /^\[mcpgate\].*server told declares capabilities that are nested too deep/);
    assert.equal(textOf(await client.call('honest__echo', { text: 'lives' })), 'lives');
  });
});
