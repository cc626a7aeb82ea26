import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { requester, NEVER, serverRecord, startPool, toldServer } from '../fixtures/pool.ts';

it('an error of the broker at one message ends neither the broker nor the connection, and is logged with the server', async (t) => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const server = serverRecord('told', toldServer());
  const pool = await startPool([server], { log });
  t.after(() => pool.end());
  await pool.upstreams.reload();
  const session = await pool.upstreams.acquire(server, requester('ada'));
  pool.upstreams.onEvent((event) => {
    if (event.kind === 'notification') throw new RangeError('nobody thought of this');
  });
  const args = { lines: ['{"jsonrpc":"2.0","method":"notifications/strange"}'] };
  const call = { method: 'tools/call', paramsText: JSON.stringify({ name: 'say', arguments: args }), signal: NEVER };
  for (let n = 0; n < 2; n++) assert.match((await session.request(call)).text, /said/);
  const faults = lines.filter((line) => line.includes('nobody thought of this'));
  assert.equal(faults.length, 2);
  assert.ok(faults.every((line) => line.includes('"server":"told"')));
});
