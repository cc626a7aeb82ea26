// What a client says of how far it is with what a server asked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../../../../test/world/until.ts';
import { toldServer } from '../../../upstreams/fixtures/pool.ts';
import { startWorld, type Message } from '../../fixtures/gateway-world.ts';

const PROGRESS = 'notifications/progress';
const tokenOf = ({ params }: Message) => (params?.['_meta'] as { progressToken?: unknown } | undefined)?.progressToken;

describe('progress of a client about a question', () => {
  it('goes to the server that asked, under its own token, and to no other that has the same', async (t) => {
    const told = { transport: toldServer(), isolation: 'per-session' as const };
    const world = await startWorld({ one: told, two: told });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const client = world.connect();
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: { sampling: {} } });
    const meta = '{"x":1,"progressToken":12345678901234567890,"y":2}';
    const question = `{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"_meta":${meta},"maxTokens":1}}`;
    const askedBy = async (server: string) => {
      await client.call(`${server}__say`, { lines: [question] });
      return client.next(({ method }) => method === 'sampling/createMessage');
    };
    const asked = [await askedBy('one'), await askedBy('two')];
    const tokens = asked.map(tokenOf);
    assert.equal(new Set(tokens).size, 2);
    assert.ok(client.texts.some((text) => /"_meta":\{"x":1,"progressToken":"[^"]+","y":2\}/.test(text)));

    const tell = (token: unknown) =>
      client.raw(
        `{"jsonrpc":"2.0","method":"${PROGRESS}","params":{"progress":0.5,"progressToken":${JSON.stringify(token)}}}`,
      );
    tell(tokens[1]);
    for (const token of [undefined, 'nobody’s', 1, 12345678901234, null, {}]) tell(token ?? 'none');
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: asked[1]?.id, result: { role: 'assistant' } }));
    tell(tokens[1]);
    const [homeName = ''] = await world.homeNames('two');
    await until('the answer has come', async () => (await world.received('two', undefined, homeName)).at(0));
    await client.call('two__say');
    const texts = (await world.receivedTexts('two', homeName)).filter((text) => text.includes(PROGRESS));
    assert.deepEqual(texts, [
      `{"jsonrpc":"2.0","method":"${PROGRESS}","params":{"progress":0.5,"progressToken":12345678901234567890}}`,
    ]);
    const [other = ''] = await world.homeNames('one');
    assert.deepEqual(await world.received('one', PROGRESS, other), []);
  });
});
