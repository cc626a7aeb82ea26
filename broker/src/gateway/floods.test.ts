// Servers that say far too much: what they say is bounded, and whoever has nothing to do with them does not notice.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { until } from '../../../test/world/until.ts';
import { fixtureServer, toldServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, textOf, type Message, type TestClient } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

async function start(isolation: 'shared' | 'per-session'): Promise<TestClient> {
  world = await startWorld({ told: { transport: toldServer(), isolation }, honest: fixtureServer() });
  await world.rule('allow', '*', '*');
  return world.connect();
}

describe('a flood', () => {
  it('of progress reaches who asked for it, and nobody else waits or hears of it', async () => {
    const client = await start('shared');
    const [neighbour, other] = [world.connect(), world.connect()];
    await neighbour.call('honest__echo');
    const line = (token: string) =>
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`;
    let isOver = false;
    const flooded = client
      .request('tools/call', {
        name: 'told__say',
        arguments: { lines: [line('$ID'), line('999999'), line('"$ID"')], times: 20_000 },
        _meta: { progressToken: 'mine' },
      })
      .finally(() => (isOver = true));
    let answered = 0;
    while (!isOver) {
      assert.equal(textOf(await neighbour.call('honest__echo', { text: 'lives' })), 'lives');
      answered += 1;
    }
    assert.equal(textOf(await flooded), 'said');
    assert.ok(answered > 3, `${answered} calls of a neighbour were answered while it lasted`);
    // A token that comes back as a string of the number is the same token.
    assert.equal(client.texts.filter((text) => text.includes('"progressToken":"mine"')).length, 40_000);
    assert.deepEqual(
      [neighbour, other].flatMap(({ texts }) => texts.filter((text) => text.includes('progress'))),
      [],
    );
  });

  it('of questions: so many are put to the client, the others refused, and a taken id is told as taken', async () => {
    const client = await start('per-session');
    await client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'test', version: '1' },
    });
    const ask = (id: number) =>
      `{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{"message":"q","requestedSchema":{"type":"object"}}}`;
    const lines = Array.from({ length: 1_000 }, (_, n) => ask(n));
    assert.equal(textOf(await client.call('told__say', { lines: [ask(0), ...lines] })), 'said');
    const homeName = (await world.homeNames('told'))[0];
    const refused = () =>
      until('the others are refused', async () => {
        const answers = await world.received('told', undefined, homeName);
        return answers.length >= 1_001 - 64 ? answers : undefined;
      });
    const answers = await refused();
    assert.equal(answers.length, 1_001 - 64);
    assert.deepEqual([answers[0]?.id, answers[0]?.error?.code], [0, -32600]);
    assert.match(answers[0]?.error?.message ?? '', /request 0 is still under way/);
    assert.ok(answers.slice(1).every(({ error }) => /64 questions are open/.test(error?.message ?? '')));
    assert.equal(client.texts.filter((text) => text.includes('elicitation/create')).length, 64);

    // One that is answered makes room for another one.
    const question = await client.next(({ method }: Message) => method === 'elicitation/create');
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { action: 'decline' } }));
    await until('it is answered', async () => {
      const all = await world.received('told', undefined, homeName);
      return all.find(({ id, result }) => id === 0 && result?.['action'] === 'decline');
    });
    await client.call('told__say', { lines: [ask(5_000)] });
    assert.equal(client.texts.filter((text) => text.includes('elicitation/create')).length, 65);
    assert.equal(textOf(await world.connect().call('honest__echo', { text: 'lives' })), 'lives');
  });

  it('of notifications on a connection that people share reaches nobody', async () => {
    const client = await start('shared');
    const neighbour = world.connect();
    await neighbour.call('honest__echo');
    const lines = [
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"flood"}}',
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"flood:1"}}',
      '{"jsonrpc":"2.0","method":"notifications/of/its/own","params":{"flood":1}}',
      'flood that is no JSON',
    ];
    assert.equal(textOf(await client.call('told__say', { lines, times: 5_000 })), 'said');
    assert.equal(textOf(await neighbour.call('honest__echo', { text: 'lives' })), 'lives');
    assert.ok([...client.texts, ...neighbour.texts].every((text) => !text.includes('flood')));
  });
});
