// Upgrades that are no WebSocket handshakes, byte by byte.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createTunnelWorld, type TunnelWorld } from '../fixtures/tunnel-world.ts';

/** What an upgrade with these lines is answered. */
function answerTo(world: TunnelWorld, lines: readonly string[]): Promise<string> {
  const socket = connect(world.port, '127.0.0.1');
  const head = ['GET /v1/tunnel HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', ...lines];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

test('an upgrade without a key, or of another version of WebSocket, is answered in JSON, counted and logged', async (t) => {
  const world = await createTunnelWorld();
  t.after(() => world.close());
  const known = ['Sec-WebSocket-Protocol: mcpgate.v1', 'Authorization: Bearer token-mallory'];
  const noKey = await answerTo(world, [...known, 'Sec-WebSocket-Version: 13']);
  assert.match(noKey, /^HTTP\/1\.1 400 [^]*application\/json[^]*no WebSocket handshake/);
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
  const otherVersion = await answerTo(world, [...known, key, 'Sec-WebSocket-Version: 99']);
  assert.match(otherVersion, /^HTTP\/1\.1 426 [^]*Sec-WebSocket-Version: 13\r\n[^]*version 13/);
  const { rejects } = world.tunnel.stats();
  assert.deepEqual([rejects.get('websocket'), rejects.get('version')], [1, 1]);
  for (const reason of ['websocket', 'version']) {
    assert.ok(world.logLines.some((line) => line.includes(`"reason":"${reason}"`) && line.includes('192.0.2.7')));
  }
});
