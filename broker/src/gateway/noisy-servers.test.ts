// Servers that say more than their answers, or carry out what they do not answer (test/upstreams/sloppy/noise-behaviours.ts): what the AI
// client hears, what the log holds, and how often the server has carried the call out, over each transport.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Behaviour } from 'mcpgate-test/upstreams/sloppy/behaviour';
import { behaviourOf, type BehaviourName } from 'mcpgate-test/upstreams/sloppy/behaviours';
import { FORGETFUL, LOST, NOISE, NOTED, TURNED_AWAY } from 'mcpgate-test/upstreams/sloppy/noise-behaviours';
import { startSloppy, type SloppyUpstream, type SloppyWay } from '../upstreams/fixtures/sloppy.ts';
import { startWorld, textOf, type TestClient } from './fixtures/gateway-world.ts';

const namesOf = (table: object): BehaviourName[] => Object.keys(table) as BehaviourName[];
const fits = (way: SloppyWay, { line, event, http }: Behaviour): boolean =>
  ({ stdio: line, http, sse: event })[way] !== undefined;

for (const way of ['stdio', 'http', 'sse'] as const) {
  describe(`a noisy server over ${way}`, () => {
    const names = namesOf({ ...NOISE, ...LOST, ...(way === 'http' && { ...TURNED_AWAY, ...FORGETFUL, ...NOTED }) });
    const rows = names.filter((name) => fits(way, behaviourOf(name)));
    const servers = new Map<string, SloppyUpstream>();
    let world: Awaited<ReturnType<typeof startWorld>>;
    let client: TestClient;

    before(async () => {
      for (const name of rows) servers.set(name, await startSloppy(way, name));
      world = await startWorld(Object.fromEntries([...servers].map(([name, { transport }]) => [name, transport])), {
        upstreams: { maxMessageBytes: 8 * 1024 * 1024 },
      });
      await world.rule('allow', '*', '*');
      client = world.connect();
    });
    after(async () => {
      await world.end();
      for (const server of servers.values()) await server.close();
    });

    const outcome = async (name: string) => {
      const { result, error } = await client.call(`${name}__echo`, { text: 'heard' });
      const record = (await world.calls()).find(({ server }) => server === name);
      const far = servers.get(name)?.far;
      const executed = far?.executed.length ?? (await world.received(name, 'tools/call')).length;
      const text = result === undefined ? (error?.message ?? '') : textOf({ result });
      const meta = (result?.['_meta'] as { 'mcpgate/error'?: Record<string, unknown> } | undefined)?.['mcpgate/error'];
      return { text, executed, meta, status: record?.status, attempts: record?.attempts };
    };

    for (const name of rows) {
      if (name in NOISE || name in FORGETFUL || name in NOTED) {
        it(`answers all the same, once: ${name}`, async () => {
          const { text, executed, status, attempts } = await outcome(name);
          assert.deepEqual([text, executed, status], ['heard', 1, 'ok']);
          assert.equal(attempts, name in FORGETFUL ? 2 : 1);
        });
      } else if (name in LOST) {
        it(`has carried it out, and nobody is told to try again: ${name}`, async () => {
          const { text, executed, status } = await outcome(name);
          assert.doesNotMatch(text, /try again/i);
          assert.match(text, name === 'lost-bomb' ? /may have been carried out/ : /outcome is unknown/);
          assert.equal(status, name === 'lost-bomb' ? 'failed' : 'unknown');
          assert.equal(executed, 1);
        });
      } else {
        it(`has not carried it out, and says what to do: ${name}`, async () => {
          const { text, executed, status, meta, attempts } = await outcome(name);
          assert.deepEqual([executed, status, attempts], [0, 'failed', 1]);
          if (!name.startsWith('busy')) return;
          assert.match(text, /asks for a pause.*nothing was carried out, try again in \d+ s/);
          assert.equal(meta?.['code'], 'throttled');
          const seconds = Number(meta?.['retry_after_ms']) / 1000;
          if (name === 'busy-503') assert.equal(seconds, 120);
          else if (name !== 'busy-429-date') assert.equal(seconds, 7);
          else assert.equal(seconds, 86_400, 'a day at the most');
        });
      }
    }
  });
}
