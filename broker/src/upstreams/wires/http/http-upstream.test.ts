import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { Transport } from '../../../domain/transports/transports.ts';
import { startHttpUpstream, type HttpUpstream } from '../../fixtures/http-upstream.ts';
import { requester, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';
import type { UpstreamSession } from '../../upstream.ts';

let upstream: HttpUpstream;
let pool: Awaited<ReturnType<typeof startPool>>;
beforeEach(async () => {
  upstream = await startHttpUpstream();
});
afterEach(async () => {
  await pool.end();
  await upstream.close();
});

const http = (headers: Record<string, string> = {}, url = upstream.url): Transport => ({ kind: 'http', url, headers });

async function start(transport: Transport = http(), secret?: string): Promise<() => Promise<UpstreamSession>> {
  const record = serverRecord('web', transport);
  pool = await startPool([record]);
  if (secret !== undefined) pool.secrets.set('token', secret);
  await pool.upstreams.reload();
  return () => pool.upstreams.acquire(record, requester('u1'));
}

function call(session: UpstreamSession, text: string, signal: AbortSignal = NEVER) {
  const paramsText = JSON.stringify({ name: 'echo', arguments: { text } });
  return session.request({ method: 'tools/call', paramsText, signal });
}

const echoed = (text: string) => ({
  kind: 'result',
  isToolError: false,
  text: JSON.stringify({ content: [{ type: 'text', text }] }),
});
const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GateError);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

describe('a Streamable HTTP server', () => {
  it('is initialized first and carries session, version and its own headers from then on', async () => {
    const acquire = await start(http({ Authorization: 'Bearer ${secret:token}', 'X-Team': 'a' }), 'one');
    assert.deepEqual(await call(await acquire(), 'hé'), echoed('hé'));
    const methods = upstream.received
      .map(({ message }) => message['method'])
      .filter((method) => method !== 'tools/list');
    assert.deepEqual(methods, ['server/discover', 'initialize', 'notifications/initialized', 'tools/call']);
    const { headers } = upstream.received.at(-1) ?? assert.fail();
    assert.equal(headers.authorization, 'Bearer one');
    assert.equal(headers['x-team'], 'a');
    assert.equal(headers['mcp-session-id'], 'session-1');
    assert.equal(headers['mcp-protocol-version'], '2025-11-25');
  });

  it('is sent the user and password of its URL, unless the record has an Authorization of its own', async () => {
    const url = upstream.url.replace('://', '://ada:${secret:token}@');
    const acquire = await start(http({}, url), 'p@ss/w0rd:1');
    await call(await acquire(), 'hé');
    const { authorization = '' } = upstream.received.at(-1)?.headers ?? {};
    assert.match(authorization, /^Basic /);
    assert.equal(Buffer.from(authorization.slice(6), 'base64').toString(), 'ada:p@ss/w0rd:1');
    await pool.end();
    const another = await start(http({ authorization: 'Bearer own' }, url), 'pw');
    await call(await another(), 'hé');
    assert.equal(upstream.received.at(-1)?.headers.authorization, 'Bearer own');
  });

  it('may answer as an event stream, with progress in it', async () => {
    upstream.events = true;
    const acquire = await start();
    const session = await acquire();
    assert.deepEqual(await call(session, 'streamed ✓'), echoed('streamed ✓'));
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/call') return false;
      const token = (message['params'] as { _meta: { progressToken: number } })._meta.progressToken;
      const progress = {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: token, progress: 1 },
      };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(progress)}\n\n`);
      response.end(`data: {"jsonrpc":"2.0","id":${String(message['id'])},"result":{"content":[]}}\n\n`);
      return true;
    };
    const progress: string[] = [];
    await session.request({
      method: 'tools/call',
      paramsText: '{"name":"echo"}',
      signal: NEVER,
      onProgress: (text) => progress.push(text),
    });
    assert.equal(progress.length, 1);
  });

  it('that has forgotten the session gets a new one, and the call is sent once more', async () => {
    const acquire = await start();
    await call(await acquire(), 'before');
    upstream.forgetSessions();
    const session = await acquire();
    assert.deepEqual(await call(session, 'after'), echoed('after'));
    assert.deepEqual(upstream.executed, ['echo', 'echo']);
  });

  it('that answers 401 is asked once more with a freshly read secret, and then no more', async () => {
    const acquire = await start(http({ Authorization: 'Bearer ${secret:token}' }), 'old');
    await call(await acquire(), 'with the old one');
    upstream.authorization = 'Bearer new';
    await assert.rejects(
      acquire().then((session) => call(session, 'x')),
      failsWith('upstream', /server web refused its credentials \(HTTP 401\)/),
    );
    pool.secrets.set('token', 'new');
    const session = await acquire();
    assert.deepEqual(await call(session, 'with the new one'), echoed('with the new one'));
    assert.deepEqual(session.secretVersions, ['token@2']);
    assert.equal(upstream.executed.length, 2);
  });

  it('gets the rotated secret with the very next call, while a running one finishes on the old', async () => {
    const acquire = await start(http({ Authorization: 'Bearer ${secret:token}' }), 'first');
    let finish: () => void = () => assert.fail('no call was held');
    const held = new Promise<void>((resolve) => {
      upstream.intercept = (_request, response, message) => {
        if (message['method'] !== 'tools/call') return false;
        upstream.intercept = undefined;
        finish = () => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(`{"jsonrpc":"2.0","id":${String(message['id'])},"result":{"content":[]}}`);
        };
        resolve();
        return true;
      };
    });
    const running = call(await acquire(), 'slow');
    await held;
    pool.secrets.set('token', 'second');
    await call(await acquire(), 'fast');
    assert.equal(
      upstream.received.findLast(({ message }) => message['method'] === 'tools/call')?.headers.authorization,
      'Bearer second',
    );
    finish();
    assert.equal((await running).kind, 'result');
  });

  it('hears of a cancellation', async () => {
    const acquire = await start();
    const session = await acquire();
    const controller = new AbortController();
    const arrived = upstream.next('tools/call');
    upstream.intercept = (_request, _response, message) => message['method'] === 'tools/call';
    const running = call(session, 'never', controller.signal);
    const sent = await arrived;
    const cancelled = upstream.next('notifications/cancelled');
    controller.abort();
    await assert.rejects(running, failsWith('cancelled', /cancelled/));
    assert.equal(((await cancelled)['params'] as { requestId: unknown }).requestId, sent['id']);
  });

  it('speaks by itself on its own stream', async () => {
    const acquire = await start();
    const session = await acquire();
    await session.list('tools', NEVER);
    const changed = new Promise<void>((resolve) => pool.upstreams.onEvent(() => resolve()));
    upstream.tools = ['echo', 'fresh'];
    await session.request({ method: 'tools/call', paramsText: '{"name":"echo"}', signal: NEVER });
    upstream.announce({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await changed;
    assert.deepEqual(
      (await session.list('tools', NEVER)).map((tool) => tool.key),
      ['echo', 'fresh'],
    );
  });

  it('whose connection breaks under a call leaves an outcome that is not known, and is not asked again', async () => {
    const acquire = await start();
    const session = await acquire();
    upstream.intercept = (request, _response, message) => {
      if (message['method'] !== 'tools/call') return false;
      request.socket.destroy();
      return true;
    };
    await assert.rejects(
      call(session, 'x'),
      failsWith('unknown_outcome', /server web broke before its answer.*not known/),
    );
    assert.equal(upstream.received.filter(({ message }) => message['method'] === 'tools/call').length, 1);
  });

  it('that answers with an error without an id has answered this very request, whatever the status', async () => {
    const acquire = await start();
    const session = await acquire();
    const error = '{"code":-32600,"data":12345678901234567890,"message":"not like this"}';
    for (const [status, type, id] of [
      [200, 'application/json', '"id":null,'],
      [200, 'application/json', ''],
      [400, 'application/json', '"id":null,'],
      [200, 'text/event-stream', '"id":null,'],
    ] as const) {
      upstream.intercept = (_request, response, message) => {
        if (message['method'] !== 'tools/call') return false;
        const body = `{"jsonrpc":"2.0",${id}"error":${error}}`;
        response.writeHead(status, { 'content-type': type });
        response.end(type === 'application/json' ? body : `data: ${body}\n\n`);
        return true;
      };
      const request = { method: 'tools/call', paramsText: '{"name":"x"}', signal: NEVER };
      assert.deepEqual(await session.request(request), { kind: 'error', text: error });
    }
  });

  it('that answers garbage, an error page or an error with a reason is told as such', async () => {
    const acquire = await start(http({ 'x-key': '${secret:token}' }), 'key-123456');
    const session = await acquire();
    const answer = (status: number, type: string, body: string) => {
      upstream.intercept = (_request, response, message) => {
        if (message['method'] !== 'tools/call') return false;
        response.writeHead(status, { 'content-type': type }).end(body);
        return true;
      };
    };
    answer(200, 'application/json', '{"jsonrpc":"2.0","id":');
    await assert.rejects(call(session, 'x'), failsWith('unknown_outcome', /without a result/));
    answer(200, 'text/html', '<p>log in</p>');
    await assert.rejects(call(session, 'x'), failsWith('unknown_outcome', /without a result/));
    answer(503, 'text/plain', 'over capacity for key-123456');
    await assert.rejects(
      call(session, 'x'),
      failsWith('unknown_outcome', /HTTP 503: "over capacity for \*\*\*"; whether it was carried out is not known$/),
    );
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/call') return false;
      const body = `{"jsonrpc":"2.0","id":${String(message['id'])},"error":{"code":-32602,"message":"bad"}}`;
      response.writeHead(400, { 'content-type': 'application/json' }).end(body);
      return true;
    };
    assert.deepEqual(await call(session, 'x'), { kind: 'error', text: '{"code":-32602,"message":"bad"}' });
  });

  it('that asks for a pause at its start is left alone for so long, and is no failed server', async () => {
    let asked = 0;
    const busy = createServer((_request, response) => {
      asked++;
      response.writeHead(429, { 'retry-after': '60' }).end();
    });
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const acquire = await start(http({}, `http://127.0.0.1:${(busy.address() as AddressInfo).port}/mcp`));
    for (let tries = 0; tries < 5; tries++)
      await assert.rejects(
        acquire(),
        failsWith('throttled', /asks for a pause \(HTTP 429\).*try again in (60|59|58) s/),
      );
    assert.equal(asked, 1);
    assert.equal(pool.upstreams.status('default')[0]?.circuit, 'closed');
    busy.closeAllConnections();
    busy.close();
  });

  it('is followed within its origin, and never to another with its credentials', async () => {
    let leaked = 0;
    const other = createServer((_request, response) => {
      leaked++;
      response.end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(other.address() as AddressInfo).port}/mcp`;
    let moves = 0;
    const door = createServer((request, response) => {
      moves++;
      const location = request.url === '/here' ? '/there' : target;
      response.writeHead(307, { location }).end();
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const acquire = await start(
      http({ authorization: 'secret' }, `http://127.0.0.1:${(door.address() as AddressInfo).port}/here`),
    );
    await assert.rejects(acquire(), failsWith('upstream', /redirects to http:\/\/127\.0\.0\.1:\d+ \(HTTP 307\)/));
    assert.equal(moves >= 2, true);
    assert.equal(leaked, 0);
    await pool.upstreams.close();
    await Promise.all([new Promise((resolve) => other.close(resolve)), new Promise((resolve) => door.close(resolve))]);
  });

  it('that is away says so in one line, and is there again as soon as it is back', async () => {
    const { url } = upstream;
    await upstream.close();
    const acquire = await start(http({}, url));
    await assert.rejects(acquire(), failsWith('upstream', /server web cannot be reached: .*ECONNREFUSED/));
    assert.equal(pool.upstreams.status('default')[0]?.state, 'failed');
  });
});
