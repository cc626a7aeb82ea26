import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { until } from 'mcpgate-test/world/until';
import { startSseServer, type SseServer } from 'mcpgate-test/upstreams/sse-server';
import { requester, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';
import type { UpstreamSession } from '../../upstream.ts';

let server: SseServer;
let pool: Awaited<ReturnType<typeof startPool>>;
beforeEach(async () => {
  server = await startSseServer();
});
afterEach(async () => {
  await pool.end();
  await server.close();
});

async function start(headers: Record<string, string> = {}, url = server.url): Promise<() => Promise<UpstreamSession>> {
  const record = serverRecord('old', { kind: 'http', url, headers });
  pool = await startPool([record]);
  pool.secrets.set('token', 'tok-123456');
  await pool.upstreams.reload();
  return () => pool.upstreams.acquire(record, requester('u1'));
}

const echo = (session: UpstreamSession, text: string) =>
  session.request({
    method: 'tools/call',
    paramsText: JSON.stringify({ name: 'echo', arguments: { text } }),
    signal: NEVER,
  });
const echoed = (text: string) => ({
  kind: 'result',
  isToolError: false,
  text: JSON.stringify({ content: [{ type: 'text', text }] }),
});
const opened = () => server.requests.filter(({ line }) => line === 'GET /sse').length;

describe('a server over HTTP with SSE, of 2024-11-05', () => {
  it('is found where nothing newer answers, with its own headers, and remembered', async () => {
    const acquire = await start({ Authorization: 'Bearer ${secret:token}' });
    server.authorization = 'Bearer tok-123456';
    const session = await acquire();
    assert.deepEqual(await echo(session, 'hé'), echoed('hé'));
    assert.equal(session.facts.generation, 'legacy');
    const lines = server.requests.map(({ line }) => line);
    assert.deepEqual(lines.slice(0, 4), ['POST /sse', 'POST /sse', 'GET /sse', 'POST /messages']);

    const again = server.requests.length;
    pool.secrets.set('token', 'tok-123456');
    assert.deepEqual(await echo(await acquire(), 'again'), echoed('again'));
    assert.equal(server.requests[again]?.line, 'GET /sse');
  });

  it('tells of progress and of changed lists on its stream', async () => {
    const session = await (await start())();
    const progress: string[] = [];
    const paramsText = '{"name":"progress"}';
    await session.request({
      method: 'tools/call',
      paramsText,
      signal: NEVER,
      onProgress: (text) => progress.push(text),
    });
    assert.equal(progress.length, 1);
    const changed = new Promise<void>((resolve) => {
      pool.upstreams.onEvent((event) => {
        if (event.kind === 'list_changed' && event.list === 'tools') resolve();
      });
    });
    await session.list('tools', NEVER);
    await session.request({ method: 'tools/call', paramsText: '{"name":"grow"}', signal: NEVER });
    await changed;
    assert.ok((await session.list('tools', NEVER)).some(({ key }) => key === 'grown'));
  });

  it('whose stream has ended is connected again for the next call', async () => {
    const acquire = await start();
    await echo(await acquire(), 'before');
    const before = opened();
    server.dropStreams();
    await until('the stream is opened again', () => opened() > before);
    assert.deepEqual(await echo(await acquire(), 'after'), echoed('after'));
  });

  it('that names an endpoint elsewhere gets no message, and no secret', async () => {
    const stolen: unknown[] = [];
    const thief = createServer((request, response) => {
      stolen.push(request.headers);
      response.end();
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    server.endpoint = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/messages`;
    const acquire = await start({ Authorization: 'Bearer ${secret:token}' });
    await assert.rejects(acquire(), /server old names an endpoint that is not at http:/);
    assert.deepEqual(stolen, []);
    thief.close();
  });

  it('whose stream has moved is followed within its origin, and never to another with its credentials', async () => {
    const lines: string[] = [];
    const door = createServer((request, response) => {
      lines.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (request.method === 'POST') response.writeHead(405).end();
      else if (request.url === '/old') response.writeHead(302, { location: '/new/' }).end();
      else response.writeHead(301, { location: server.url }).end();
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const acquire = await start({}, `http://127.0.0.1:${(door.address() as AddressInfo).port}/old`);
    await assert.rejects(acquire(), /server old (answered HTTP 405|redirects)/);
    assert.ok(lines.includes('GET /new/'), lines.join());
    assert.deepEqual(server.requests, []);
    door.closeAllConnections();
    door.close();
  });

  it('that is no such server either says what the usual way said', async () => {
    const acquire = await start({}, server.url.replace('/sse', '/nothing'));
    await assert.rejects(acquire(), /server old answered HTTP 404/);
  });
});
