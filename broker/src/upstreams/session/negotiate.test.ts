import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'node:test';
import { startModernHttp } from 'mcpgate-test/upstreams/modern-http';
import type { Transport } from '../../domain/transports/transports.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../fixtures/pool.ts';
import type { UpstreamSession } from '../upstream.ts';

const STDIO = fileURLToPath(import.meta.resolve('mcpgate-test/upstreams/modern-stdio'));

let pool: Awaited<ReturnType<typeof startPool>>;
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await pool.end();
  for (const each of cleanUp.splice(0)) await each();
});

async function start(transport: Transport): Promise<() => Promise<UpstreamSession>> {
  const record = serverRecord('fix', transport);
  pool = await startPool([record]);
  await pool.upstreams.reload();
  return () => pool.upstreams.acquire(record, requester('u1'));
}

async function echo(session: UpstreamSession, text: string): Promise<string> {
  const paramsText = JSON.stringify({ name: 'echo', arguments: { text } });
  const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
  return (JSON.parse(reply.text) as { content: { text: string }[] }).content[0]?.text ?? '';
}

const methods = async () =>
  (await pool.log('fix')).map((line) => line['method']).filter((method) => method !== undefined);
const starts = async () => (await pool.log('fix')).filter((line) => line['started'] !== undefined).length;

/** A door whose other side can be changed: one URL, another server. */
async function startDoor(first: string): Promise<{ url: string; lead(to: string): void }> {
  let target = first;
  const door: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', headers } = request;
      const { host: _host, connection: _connection, 'content-length': _length, ...rest } = headers;
      const body = method === 'POST' ? Buffer.concat(chunks) : null;
      const leave = new AbortController();
      response.on('close', () => leave.abort());
      fetch(target, { method, headers: rest as Record<string, string>, body, signal: leave.signal })
        .then(async (answer) => {
          const kept = ['content-type', 'mcp-session-id'].flatMap((name) => {
            const value = answer.headers.get(name);
            return value === null ? [] : [[name, value] as const];
          });
          response.writeHead(answer.status, Object.fromEntries(kept));
          response.flushHeaders();
          for await (const chunk of answer.body ?? []) response.write(chunk);
          response.end();
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  cleanUp.push(async () => {
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}/mcp`,
    lead: (to) => void (target = to),
  };
}

describe('the protocol of a server', () => {
  it('is the newer one where a server on stdio speaks both', async () => {
    const session = await (await start({ kind: 'stdio', command: process.execPath, args: [STDIO, 'dual'], env: {} }))();
    assert.equal(session.facts.generation, 'modern');
    assert.equal(await echo(session, 'new'), 'new');
  });

  it('is the newer one where a server on HTTP speaks both', async () => {
    const upstream = await startModernHttp({ legacy: 'stateless' });
    cleanUp.push(() => upstream.close());
    const session = await (await start({ kind: 'http', url: upstream.url, headers: {} }))();
    assert.equal(session.facts.generation, 'modern');
    assert.equal(await echo(session, 'new'), 'new');
    assert.ok(!upstream.received.some(({ method }) => method === 'initialize'));
  });

  it('is asked for once: the next connection of an old server is initialized at once', async () => {
    const acquire = await start(fixtureServer());
    const session = await acquire();
    const paramsText = '{"name":"die"}';
    await assert.rejects(session.request({ method: 'tools/call', paramsText, signal: NEVER }));
    assert.equal(await echo(await acquire(), 'again'), 'again');
    assert.equal((await methods()).filter((method) => method === 'server/discover').length, 1);
    assert.equal((await methods()).filter((method) => method === 'initialize').length, 2);
  });

  it('is the older one of a server that does not answer methods that it does not know', async () => {
    const session = await (await start(fixtureServer(['silent'])))();
    assert.equal(await echo(session, 'old'), 'old');
    assert.equal(await starts(), 1);
    assert.deepEqual((await methods()).slice(0, 3), ['server/discover', 'initialize', 'notifications/initialized']);
  });

  it('is the older one of a server that ends itself at a method that it does not know, which is not asked again', async () => {
    const session = await (await start(fixtureServer(['frail'])))();
    assert.equal(await echo(session, 'old'), 'old');
    assert.equal(await starts(), 2);
    const asked = (await methods()).filter((method) => method === 'server/discover' || method === 'initialize');
    assert.deepEqual(asked, ['server/discover', 'initialize']);
  });

  it('may change at the same URL, to the newer and back, without a failed call', async () => {
    const [older, newer] = [await startHttpUpstream(), await startModernHttp()];
    cleanUp.push(
      () => older.close(),
      () => newer.close(),
    );
    const door = await startDoor(older.url);
    const acquire = await start({ kind: 'http', url: door.url, headers: {} });
    const session = await acquire();
    assert.deepEqual([session.facts.generation, await echo(session, 'old')], ['legacy', 'old']);
    door.lead(newer.url);
    assert.equal(await echo(session, 'upgraded'), 'upgraded');
    assert.equal(session.facts.generation, 'modern');
    door.lead(older.url);
    assert.equal(await echo(session, 'back'), 'back');
    assert.equal(session.facts.generation, 'legacy');
    assert.deepEqual(older.executed, ['echo', 'echo']);
  });

  it('that is not known here is named, and the older handshake is not tried in vain', async () => {
    const seen: string[] = [];
    const future = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => {
        const { id, method } = JSON.parse(chunk.toString()) as { id: number; method: string };
        seen.push(method);
        const data = { supported: ['2031-01-01'], requested: '2026-07-28' };
        const error = { code: -32022, message: 'Unsupported protocol version', data };
        response
          .writeHead(400, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      });
    });
    await new Promise<void>((resolve) => future.listen(0, '127.0.0.1', resolve));
    cleanUp.push(async () => {
      future.closeAllConnections();
      await new Promise((resolve) => future.close(resolve));
    });
    const url = `http://127.0.0.1:${(future.address() as AddressInfo).port}/mcp`;
    const acquire = await start({ kind: 'http', url, headers: {} });
    await assert.rejects(acquire(), /speaks protocol versions \["2031-01-01"\]; known are .*2026-07-28/);
    assert.ok(!seen.includes('initialize'), seen.join());
  });
});
