// Event streams that end before the answer, with servers on the official SDK and its event store, and with one that misbehaves.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { startResumableServer } from '../../../../../test/upstreams/resumable-server.ts';
import { startHttpUpstream } from '../../fixtures/http-upstream.ts';
import { requester, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';
import { retryReason } from '../../remedy.ts';
import type { UpstreamSession } from '../../upstream.ts';

let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

async function sessionWith(url: string): Promise<UpstreamSession> {
  const record = serverRecord('web', { kind: 'http', url, headers: {} });
  pool = await startPool([record]);
  await pool.upstreams.reload();
  return pool.upstreams.acquire(record, requester('ada'));
}

describe('a stream that ends before the answer', () => {
  for (const name of ['polite', 'cut']) {
    const how = name === 'polite' ? 'closed by the server' : 'cut off by the network';
    it(`is gone on with where it was ${how}, and the tool is called once`, async (t) => {
      const server = await startResumableServer(t);
      const session = await sessionWith(server.url);
      const paramsText = JSON.stringify({ name });
      const onNotification = () => server.cut();
      const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER, onNotification });
      assert.deepEqual(JSON.parse(reply.text), { content: [{ type: 'text', text: `answer to ${name}` }] });
      assert.equal(server.executed(), 1);
      assert.equal(server.comings.length, 1);
    });
  }

  const refusals: [name: string, status: number, text: string][] = [
    ['does not know the session any more', 404, ''],
    ['says so with a word', 400, '{"error":"no valid session"}'],
    ['wants other credentials by then', 401, ''],
    ['lets the caller do nothing any more', 403, ''],
    ['offers no such stream', 405, ''],
    ['has forgotten the events', 410, ''],
    ['answers with an error of its own', 401, '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"login"}}'],
  ];
  for (const [name, status, text] of refusals) {
    it(`is a call whose outcome is not known where the server ${name} (HTTP ${status}): never a second call`, async (t) => {
      const upstream = await startHttpUpstream();
      t.after(() => upstream.close());
      const session = await sessionWith(upstream.url);
      upstream.onGet = (_request, response) => response.writeHead(status).end(text);
      upstream.intercept = (_request, response, message) => {
        if (message['method'] !== 'tools/call') return false;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('retry: 10\nid: 1\ndata:\n\n');
        return true;
      };
      await assert.rejects(
        session.request({ method: 'tools/call', paramsText: '{"name":"echo"}', signal: NEVER }),
        (error: unknown) =>
          error instanceof GateError && error.code === 'unknown_outcome' && retryReason(error, undefined) === undefined,
      );
      assert.equal(upstream.received.filter(({ message }) => message['method'] === 'tools/call').length, 1);
    });
  }
});

describe('the stream on which a server speaks by itself', () => {
  it('is opened again from its last event, after as long as the server asks', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const seen: (string | undefined)[] = [];
    const third = new Promise<void>((resolve) => {
      upstream.onGet = (request, response) => {
        seen.push(request.headers['last-event-id']?.toString());
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const message = { jsonrpc: '2.0', method: 'notifications/message', params: { data: seen.length } };
        if (seen.length < 3) response.end(`retry: 10\nid: e${seen.length}\ndata: ${JSON.stringify(message)}\n\n`);
        else resolve();
      };
    });
    await sessionWith(upstream.url);
    await third;
    assert.deepEqual(seen, [undefined, 'e1', 'e2']);
  });
});

describe('what a server says in the stream of a call', () => {
  it('is told to who asked where it is about the call, and to all where it is about the server', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const session = await sessionWith(upstream.url);
    await session.list('tools', NEVER);
    const events: string[] = [];
    const changed = new Promise<void>((resolve) => {
      pool.upstreams.onEvent((event) => {
        events.push(event.kind);
        if (event.kind === 'list_changed') resolve();
      });
    });
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/call') return false;
      const { arguments: args } = message['params'] as { arguments: { who: string } };
      const say = (method: string, params?: unknown) =>
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      say('notifications/message', { level: 'info', data: `for ${args.who}` });
      say('notifications/tools/list_changed');
      response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: {} })}\n\n`);
      return true;
    };
    const heard: Record<string, string[]> = { ada: [], bob: [] };
    await Promise.all(
      Object.entries(heard).map(([who, said]) =>
        session.request({
          method: 'tools/call',
          paramsText: JSON.stringify({ name: 'echo', arguments: { who } }),
          signal: NEVER,
          onNotification: (method, text) => said.push(`${method} ${text}`),
        }),
      ),
    );
    await changed;
    for (const who of ['ada', 'bob']) {
      assert.deepEqual(heard[who], [`notifications/message {"level":"info","data":"for ${who}"}`]);
    }
    assert.ok(!events.includes('notification'));
  });
});
