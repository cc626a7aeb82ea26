// A hostile peer at a real broker: its close code, the log line, the metrics, what `status` shows; an AI client calls all the while.
// Every single case is in broker/src/tunnel/link/hostile-peers.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { REPOSITORY } from '../step.ts';
import { createWorld } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { until } from '../world/until.ts';

test('broken frames end their link, are logged without the token and counted; /metrics is not for everyone; the others go on', async (t) => {
  const server = `${REPOSITORY}node_modules/@modelcontextprotocol/server-everything/dist/index.js`;
  const everything = { command: process.execPath, args: [server, 'stdio'] };
  const world = await createWorld(t, { servers: { everything } });
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  const { token } = (await world.broker.json([
    'grant',
    'issue',
    '--label',
    'mallory',
    '--server',
    'everything',
  ])) as IssuedGrant;
  const { listenUrl } = world.broker;
  const attack = async (bytes: string | Buffer) => {
    const ws = new WebSocket(`${listenUrl.replace('http', 'ws')}/v1/tunnel`, 'mcpgate.v1', {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(ws, 'open');
    ws.send(bytes);
    const [code] = (await once(ws, 'close')) as [number];
    return code;
  };
  const call = async () => {
    const { text } = await client.call('everything__echo', { message: 'hello' });
    assert.match(text, /hello/);
  };
  await call();
  const otherVersion = Buffer.alloc(16, 9);
  const [codes] = await Promise.all([
    Promise.all([attack(otherVersion), attack(Buffer.alloc(100_000, 1)), attack('text'), attack(Buffer.alloc(2))]),
    call(),
  ]);
  assert.deepEqual(codes, [4426, 4413, 1002, 1002]);
  await call();
  const misdirected = new WebSocket(`${listenUrl.replace('http', 'ws')}/v1/tunnel`, 'mcpgate.v1', {
    headers: { authorization: `Bearer ${token}`, host: 'rebound.example' },
  });
  misdirected.on('error', () => undefined);
  const [, refusal] = (await once(misdirected, 'unexpected-response')) as [unknown, { statusCode: number }];
  misdirected.terminate();
  assert.equal(refusal.statusCode, 421, 'another name is not answered for, as with every other path');

  const metrics = async () => await (await fetch(`${listenUrl}/metrics`)).text();
  const text = await until('the links of the attacker are counted as closed', async () => {
    const now = await metrics();
    return now.includes('mcpgate_tunnel_links_closed_total{code="1002"} 2') && now;
  });
  for (const line of [
    'mcpgate_tunnel_rejected_total{reason="host"} 1',
    'mcpgate_tunnel_rejected_total{reason="version"} 1',
    'mcpgate_tunnel_rejected_total{reason="too_large"} 1',
    'mcpgate_tunnel_rejected_total{reason="text"} 1',
    'mcpgate_tunnel_rejected_total{reason="frame"} 1',
    'mcpgate_tunnel_links_closed_total{code="4413"} 1',
    'mcpgate_tunnel_links_closed_total{code="4426"} 1',
    'mcpgate_links 1',
    'mcpgate_channels 1',
    'mcpgate_tunnel_partial_bytes 0',
    'mcpgate_tunnel_held_bytes 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line}\n${text.replace(/^(?!mcpgate_).*\n/gm, '')}`);
  }
  assert.match(text, /^mcpgate_tunnel_backlog_bytes \d+$/m);
  assert.match(text, /^mcpgate_tunnel_socket_bytes \d+$/m);
  assert.match(text, /^mcpgate_event_loop_delay_seconds\{quantile="0.99"\} [\d.]+$/m);

  const forwarded = await fetch(`${listenUrl}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
  assert.equal(forwarded.status, 403);
  assert.doesNotMatch(await forwarded.text(), /mcpgate_links/);

  const { memory, event_loop_delay_ms: delay } = (await world.broker.json(['status'])) as {
    memory: Record<string, number>;
    event_loop_delay_ms: Record<string, number>;
  };
  for (const name of ['backlog_bytes', 'held_bytes', 'partial_bytes', 'socket_bytes', 'heap_bytes', 'process_bytes']) {
    assert.ok(Number.isSafeInteger(memory[name]), `${name}: ${memory[name]}`);
  }
  assert.deepEqual(Object.keys(delay), ['p50', 'p99', 'max']);
  assert.match(await world.broker.run(['status']), /^memory +\d.*in sockets.*\nevent loop +late by/m);

  const log = world.broker.output();
  assert.match(log, /tunnel: unknown frame kind 9/);
  assert.match(log, /tunnel: a frame is too large/);
  assert.ok(!log.includes(token), 'the token is not logged');
});
