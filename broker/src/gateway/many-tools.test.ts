// A server with a hundred thousand tools: listed in pages, in bounded time and memory, while others are answered.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { it } from 'node:test';
import { fixtureServer, toldServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, textOf } from './fixtures/gateway-world.ts';

const TOOLS = 99_999;

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
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    let answered = 0;
    let isOver = false;
    const neighbours = (async () => {
      while (!isOver) {
        assert.equal(textOf(await neighbour.call('honest__echo', { text: 'lives' })), 'lives');
        answered++;
      }
    })();

    const names = new Set<string>();
    const startedAt = performance.now();
    let cursor: unknown;
    do {
      const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor });
      for (const { name } of (result?.['tools'] ?? []) as { name: string }[]) names.add(name);
      // As over a network: the next page is asked for in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve));
      cursor = result?.['nextCursor'];
      client.texts.length = 0;
    } while (cursor !== undefined);
    const tookMs = performance.now() - startedAt;
    isOver = true;
    await neighbours;
    delay.disable();
    // Bounds of a machine that is busy with much else; one turn for all of them would be many times as long.
    const heldMs = delay.max / 1e6;
    assert.ok(heldMs < 3_000, `the loop was held for ${heldMs} ms`);
    assert.ok(tookMs < 60_000 && answered > 20, `${tookMs} ms, ${answered} answers beside it`);
    assert.equal(names.size, TOOLS + 13);
    assert.equal(textOf(await client.call(`told__tool_${TOOLS - 1}`)), `called tool_${TOOLS - 1}`);
  });
