// Requests of HTTP clients of 2026-07-28 that are under way when access ends: over real HTTP, with the real gateway behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import type { RevocationListener } from '../../domain/people/revocation.ts';
import { readEnvelope } from '../../gateway/edges/envelope.ts';
import { ada, startWorld } from '../../gateway/fixtures/gateway-world.ts';
import { modernMeta } from '../../gateway/fixtures/modern-client.ts';
import { toldServer } from '../../upstreams/fixtures/pool.ts';
import { createModernExchanges } from './modern-exchanges.ts';

test('a call and a stream that are under way when access ends are answered, and their connections end', async (t) => {
  const world = await startWorld({ ops: toldServer({ streams: { 'mail.came': [['active', {}]] } }) });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  let revoke: RevocationListener | undefined;
  const exchanges = createModernExchanges({
    gateway: world.gateway,
    identity: {
      onRevoked(listener) {
        revoke = listener;
        return () => undefined;
      },
    },
    clock: systemClock,
    onError: assert.ifError,
  });
  const server = createServer((incoming, response) => {
    let text = '';
    incoming.on('data', (part) => (text += String(part)));
    incoming.on('end', () => {
      const request = readEnvelope(text);
      assert.ok(request.kind === 'request');
      exchanges.request({
        ...{ principal: ada, address: '127.0.0.1', server: undefined, tools: undefined, request, text },
        ...{ pieces: undefined, paramHeaders: new Map(), response: () => response },
      });
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const post = (method: string, params: object, meta = {}) =>
    fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 'q', method, params: { ...params, _meta: modernMeta({}, meta) } }),
    });

  const stream = await post('events/stream', { name: 'ops__mail.came' });
  const call = post('tools/call', { name: 'ops__say', arguments: { silent: true, lines: [] } });
  // The server has both once it has told something of the second one.
  const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: '$ID', progress: 1 } };
  const said = { silent: true, lines: [JSON.stringify(progress).replace('"$ID"', '$ID')] };
  const begun = await post('tools/call', { name: 'ops__say', arguments: said }, { progressToken: 'p' });
  const receipt = await revoke?.({ workspaceId: 'default', kind: 'user', id: ada.user?.id ?? '', reason: 'disabled' });
  assert.deepEqual(receipt, { linksClosed: 3, callsCancelled: 2 });
  const told = await stream.text();
  assert.match(told, /^data: .*notifications\/events\/active.*\n\ndata: .*"id":"q","result":.*"complete"/);
  assert.match(await begun.text(), /"progressToken":"p".*\n\ndata: .*"id":"q","error":.*access has ended/);
  const answer = await call;
  assert.equal(answer.status, 401);
  assert.match(await answer.text(), /"id":"q".*access has ended/);
});
