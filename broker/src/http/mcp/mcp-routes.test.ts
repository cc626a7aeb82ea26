// Which sessions of HTTP clients are opened and found. What a session then does is the scenarios' matter.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fastify } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../../domain/people/principal.ts';
import { errorBody, HTTP_STATUS } from '../error-status.ts';
import { toHttpError } from '../fastify-app.ts';
import { registerMcp, type McpRoutesOptions } from './mcp-routes.ts';

const principal: Principal = {
  workspaceId: 'default',
  user: { id: 'u1', name: 'ada', role: 'member', groups: [] },
  credential: { kind: 'grant', id: 'g1', label: 'ci' },
};
const HEADERS = {
  authorization: 'Bearer mcg_x',
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
};
const message = (method: string, id: number | undefined = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: {} });

/** The routes over sessions that only write down what they are asked for. `s1` is there from the start. */
async function open(t: TestContext) {
  const seen: string[] = [];
  const broker = { draining: false };
  const session = {
    takesBatches: false,
    request: ({ method }: { method: string }, ...rest: unknown[]) => {
      seen.push(`request ${method}`);
      const response = rest.at(-1) as { end: (text: string) => void };
      response.end('{}');
    },
    notify: ({ method }: { method: string }) => seen.push(`notify ${method}`),
  };
  const sessions = {
    open: (_principal: Principal, _address: string, server: string | undefined, tools: string | undefined) => {
      seen.push(`open ${server ?? 'all'}${tools === undefined ? '' : ` ${tools}`}`);
      return session;
    },
    find: (id: string, _principal: Principal, server: string | undefined) =>
      id === 's1' && server === undefined ? session : undefined,
    end: (_session: unknown, reason: string) => {
      seen.push(`end: ${reason}`);
      return Promise.resolve();
    },
  };
  const app = fastify({ routerOptions: { ignoreTrailingSlash: true } });
  app.setErrorHandler((thrown, request, reply) => {
    const error = toHttpError(thrown);
    return reply.code(HTTP_STATUS[error.code]).send(errorBody(error, request.id));
  });
  registerMcp(app, {
    known: () => undefined,
    identity: {
      authenticate: () => Promise.resolve({ kind: 'ok', principal }),
      onRevoked: () => () => undefined,
    },
    gateway: {
      viewNamed: (_principal: Principal, name: string) =>
        Promise.resolve(name === 'github' ? { kind: 'there' } : { kind: 'unknown', near: 'github' }),
    },
    sessions,
    exchanges: { request: () => seen.push('exchange'), close: () => Promise.resolve() },
    forwarded: undefined,
    publicUrl: 'https://mcp.example.com',
    allowedOrigins: [],
    maxMessageBytes: 1 << 20,
    draining: () => broker.draining,
    refused: { by: () => undefined },
    audit: {
      event: () => Promise.reject(new GateError('internal', 'nothing is recorded here')),
      told: new WeakSet<object>(),
    },
  } as unknown as McpRoutesOptions);
  t.after(() => app.close());
  const post = async (url: string, payload: string, more: Record<string, string> = {}) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload, headers: { ...HEADERS, ...more } });
    return { status: statusCode, body };
  };
  const ask = async (method: 'GET' | 'DELETE', url: string, more: Record<string, string> = {}) =>
    (await app.inject({ method, url, headers: { ...HEADERS, ...more } })).statusCode;
  return { seen, broker, post, ask };
}

const DOORS = ['/mcp', '/mcp/github', '/mcp?tools=all', '/mcp/github?tools=search', '/mcp/'];

test('a session is opened for who initializes, for the server and the tools that the address names', async (t) => {
  const { seen, post } = await open(t);
  for (const url of DOORS) assert.equal((await post(url, message('initialize'))).status, 200, url);
  const opened = seen.filter((each) => each.startsWith('open'));
  assert.deepEqual(opened, ['open all', 'open github', 'open all all', 'open github search', 'open all']);
});

test('where an address leads to nothing that the caller may use, nothing is opened, and what is near is named', async (t) => {
  const { seen, post } = await open(t);
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const modern = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list', params: { _meta: meta } });
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  for (const { status, body } of [
    await post('/mcp/githb', message('initialize', 7)),
    await post('/mcp/githb', modern, headers),
  ]) {
    assert.equal(status, 404);
    const { id, error } = JSON.parse(body) as { id: unknown; error: { message: string } };
    assert.equal(id, 7);
    assert.equal(
      error.message,
      '[mcpgate] there is no server or bundle "githb" that you may use; did you mean https://mcp.example.com/mcp/github?',
    );
  }
  assert.deepEqual(seen, []);
});

test('a broker that drains opens no session, whatever the address, and goes on with those that it has', async (t) => {
  const { seen, broker, post, ask } = await open(t);
  broker.draining = true;
  for (const url of DOORS) {
    for (const more of [
      {},
      { 'mcp-session-id': 's1' },
      { 'mcp-session-id': 'gone' },
      { 'mcp-protocol-version': '2025-06-18' },
    ]) {
      const { status, body } = await post(url, message('initialize'), more);
      assert.deepEqual([status, /"unavailable".*draining/.test(body)], [503, true], `${url} ${JSON.stringify(more)}`);
    }
    assert.equal((await post(url, `[${message('initialize')}]`)).status, 400, url);
  }
  assert.deepEqual(seen, []);
  const own = { 'mcp-session-id': 's1' };
  assert.equal((await post('/mcp', message('tools/list'), own)).status, 200);
  assert.equal((await post('/mcp', message('notifications/x', undefined).replace('"id":1,', ''), own)).status, 202);
  assert.equal(await ask('DELETE', '/mcp', own), 204);
  assert.deepEqual(seen, ['request tools/list', 'notify notifications/x', 'end: the client has ended it']);
});

test('a session is found by its id at the address that it was opened at, and not by an id that came twice', async (t) => {
  const { seen, post, ask } = await open(t);
  assert.equal((await post('/mcp', message('tools/list'))).status, 400, 'no id');
  for (const [url, id] of [
    ['/mcp', 'other'],
    ['/mcp', 's1, s1'],
    ['/mcp', 'S1'],
    ['/mcp/github', 's1'],
  ] as const) {
    const more = { 'mcp-session-id': id };
    assert.equal((await post(url, message('tools/list'), more)).status, 404, `${url} ${id}`);
    assert.equal(await ask('GET', url, more), 404, `${url} ${id}`);
    assert.equal(await ask('DELETE', url, more), 404, `${url} ${id}`);
  }
  assert.deepEqual(seen, []);
  assert.equal((await post('/mcp', message('tools/list'), { 'mcp-session-id': 's1' })).status, 200);
});
