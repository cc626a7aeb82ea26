// A server with a hundred thousand tools: listed in pages, in bounded turns and memory, while others are answered.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fixtureServer, toldServer } from '../../upstreams/fixtures/pool.ts';
import { startWorld, textOf } from '../fixtures/gateway-world.ts';

const TOOLS = 99_999;

/** The longest turn of the loop, in what this thread itself computed: what else the machine has to do is not counted. */
function watchTurns(): { end(): number } {
  let longestMs = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    before = process.threadCpuUsage();
  }, 1);
  return {
    end() {
      clearInterval(timer);
      return longestMs;
    },
  };
}

for (const [how, pageItems] of [
  ['in pages', 1_000],
  ['in one message', 1_000_000],
] as const)
  it(`a hundred thousand tools that come ${how} are listed page by page, and called, while a neighbour is answered`, async (t) => {
    const world = await startWorld(
      { told: toldServer({ manyTools: TOOLS, pageItems }), honest: fixtureServer() },
      { gateway: { listDeadlineMs: 60_000 } },
    );
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const [client, neighbour] = [world.connect(), world.connect()];
    await neighbour.call('honest__echo');
    const turns = watchTurns();
    let answered = 0;
    let isOver = false;
    const neighbours = (async () => {
      while (!isOver) {
        assert.equal(textOf(await neighbour.call('honest__echo', { text: 'lives' })), 'lives');
        answered++;
      }
    })();

    const names = new Set<string>();
    let cursor: unknown;
    do {
      const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor });
      for (const { name } of (result?.['tools'] ?? []) as { name: string }[]) names.add(name);
      // As over a network: the next page is asked for in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve));
      cursor = result?.['nextCursor'];
      client.texts.length = 0;
    } while (cursor !== undefined);
    isOver = true;
    await neighbours;
    const longestMs = turns.end();
    t.diagnostic(`${longestMs} ms of computing in the longest turn, ${answered} answers beside it`);
    assert.ok(longestMs < 1_000, `a turn computed for ${longestMs} ms`);
    assert.ok(answered > 20, `${answered} answers beside it`);
    assert.equal(names.size, TOOLS + 13);
    assert.equal(textOf(await client.call(`told__tool_${TOOLS - 1}`)), `called tool_${TOOLS - 1}`);
  });
