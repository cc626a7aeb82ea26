// Fifteen thousand bad tokens in ten seconds: they neither fill the disk nor slow who is honest, and the log says how many they were.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openSession } from '../attack/attacks.ts';
import type { Flood, Flooded } from '../attack/token-flood.ts';
import { quantile } from '../bench/quantile.ts';
import { createWorld } from '../world.ts';
import { startCommand } from '../world/command.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

const run = promisify(execFile);
const FLOOD = { count: 15_000, perSecond: 1_500 };
const MB = 1_000_000;

async function sendFlood(flood: Flood): Promise<Flooded> {
  const program = join(import.meta.dirname, '../attack/token-flood.ts');
  const { stdout } = await run(process.execPath, [program], {
    env: { ...process.env, FLOOD: JSON.stringify(flood) },
  });
  return JSON.parse(stdout) as Flooded;
}

test('a flood of bad tokens writes next to nothing, slows nobody, and is counted to the last one', async (t) => {
  const upstream = startCommand([process.execPath, join(import.meta.dirname, '../bench/minimal/upstream.ts')], {
    env: {},
  });
  t.after(() => upstream.stop());
  const [, port = ''] = await upstream.line(/port (\d+)/);
  const { url, broker } = await createWorld(t, {
    direct: true,
    brokerArgs: ['--behind-proxy', '127.0.0.1/32'],
    servers: { small: { url: `http://127.0.0.1:${port}/mcp` } },
  });
  await broker.run(['user', 'add', 'ada']);
  const grant = ['grant', 'issue', '--label', 'ada', '--user', 'ada', '--server', 'small'];
  const { token } = (await broker.json(grant)) as IssuedGrant;
  const honest = await openSession(url, token, new Agent({ keepAlive: true }));
  const timeCall = async (): Promise<number> => {
    const startedAt = performance.now();
    const { status, text } = await honest('tools/call', { name: 'small__echo', arguments: { text: 'hello' } });
    assert.ok(status === 200 && text.includes('hello'), `${status} ${text}`);
    return performance.now() - startedAt;
  };
  const idle: number[] = [];
  for (let call = 0; call < 100; call++) await timeCall();
  for (let call = 0; call < 200; call++) idle.push(await timeCall());

  let isOver = false;
  const flooded: number[] = [];
  const calling = (async () => {
    while (!isOver) flooded.push(await timeCall());
  })();
  const { statuses, seconds } = await sendFlood({ url, ...FLOOD });
  isOver = true;
  await calling;
  // On a busy machine so many wait that some are told to come again.
  const { 401: rejected = 0, 503: later = 0 } = statuses;
  assert.equal(rejected + later, FLOOD.count, JSON.stringify(statuses));
  const [p50Idle, p50Flooded] = [quantile(idle, 0.5), quantile(flooded, 0.5)];
  const told = `${p50Idle} ms, and ${p50Flooded} ms of ${flooded.length} calls in a flood of ${seconds} s`;
  t.diagnostic(told);
  // A busy machine makes both slow; what the flood itself adds is far below this.
  assert.ok(p50Flooded < 10 * p50Idle + 25, told);

  // The broker tells at its end what it has counted.
  await broker.stop();
  const { size } = statSync(join(broker.dataDir, 'mcpgate.db'));
  assert.ok(size < 5 * MB, `${size} bytes, with everything else that the broker keeps`);
  await broker.start();
  const events = (await broker.json(['audit', 'search', '--events', '--all'])) as {
    data: Record<string, unknown>;
  }[];
  const ofFlood = events.filter(
    ({ data }) => data['door'] === 'mcp' && ['unknown', 'too_many'].includes(String(data['reason'])),
  );
  const rows = ofFlood.filter(({ data }) => data['unrecorded'] === undefined);
  const counted = ofFlood.flatMap(({ data }) => (typeof data['unrecorded'] === 'number' ? [data['unrecorded']] : []));
  assert.ok(rows.length <= 220, `${rows.length} rows`);
  assert.equal(
    counted.reduce((sum, count) => sum + count, rows.length),
    FLOOD.count,
    'none is missing',
  );
  assert.ok(
    ofFlood.some(({ data }) => /^203\.0\.113\.66 \(\d+\)$/.test(String(Object(data['by_source'])[0]))),
    'the one who sent most is named first',
  );
});
