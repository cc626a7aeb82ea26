// Servers as they are: each is sloppy in one way (test/upstreams/sloppy/behaviours.ts), over each transport.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BehaviourName } from 'mcpgate-test/upstreams/sloppy/behaviours';
import { asker, NEVER, serverRecord, startPool } from './fixtures/pool.ts';
import { SLOPPY_WAYS, startSloppy, type SloppyWay } from './fixtures/sloppy.ts';
import type { UpstreamSession } from './upstream.ts';

async function withServer(
  way: SloppyWay,
  name: BehaviourName,
  use: (session: UpstreamSession) => Promise<void>,
): Promise<void> {
  const server = await startSloppy(way, name);
  const record = serverRecord('sloppy', server.transport);
  const pool = await startPool([record]);
  try {
    await pool.upstreams.reload();
    await use(await pool.upstreams.acquire(record, asker('u1')));
  } finally {
    await pool.end();
    await server.close();
  }
}

for (const way of SLOPPY_WAYS) {
  describe(`a server over ${way}`, () => {
    it('that is well behaved lists and calls', () =>
      withServer(way, 'plain', async (session) => {
        for (const [kind, key] of [
          ['tools', 'echo'],
          ['prompts', 'greet'],
          ['resources', 'doc:one'],
          ['templates', 'doc:{name}'],
        ] as const) {
          assert.equal((await session.list(kind, NEVER))[0]?.key, key);
        }
        const paramsText = JSON.stringify({ name: 'echo', arguments: { text: 'hé' } });
        const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
        assert.deepEqual(JSON.parse(reply.text), { content: [{ type: 'text', text: 'hé' }] });
      }));
  });
}
