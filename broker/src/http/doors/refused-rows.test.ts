// The table of what leaves which row of the log: every way in, by everything that it refuses. One request that is refused has one row, with its door
// and its reason; one that is served has none of being refused. A new route is tried here by itself, and fails where it is refused without a row.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as sendRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Event, TailLine } from 'mcpgate-shared/api/audit';
import { systemClock } from 'mcpgate-shared/clock';
import { startBrokerHere } from '../../fixtures/broker-here.ts';
import { doorOf } from './refused-requests.ts';

interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Over the administration's socket instead of TCP. */
  onSocket?: boolean;
}

interface Wanted {
  type: string;
  door: string;
  reason: string;
}

const MB = 1024 * 1024;
const BODILESS = new Set(['GET', 'TRACE']);
/** So long a row may take to come; it is there at once. */
const WAIT_MS = 20_000;

async function open(t: TestContext) {
  const routes: { method: string; url: string }[] = [];
  const watch = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) if (each !== 'OPTIONS') routes.push({ method: each, url });
    });
  };
  subscribe('fastify.initialization', watch);
  t.after(() => unsubscribe('fastify.initialization', watch));
  const dataDir = mkdtempSync(join(tmpdir(), 'mg-rows-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const config = join(dataDir, 'broker.yaml');
  writeFileSync(
    config,
    'forwarded_auth:\n  from: [127.0.0.1]\nmetrics:\n  allow: [198.18.0.1]\nbehind_proxy: [127.0.0.1]\n',
  );
  // A minute passes before each request, so that no rate keeps a row away.
  let passed = 0;
  const clock = { ...systemClock, now: () => Date.now() + passed };
  const logged: string[] = [];
  const write = (line: string) => void logged.push(line);
  const broker = await startBrokerHere(t, dataDir, { level: 'error', write, clock, flags: { config } });
  const { port } = new URL(broker.url);

  const sent = async ({ method = 'GET', path, headers = {}, body, onSocket = false }: Ask, address: string) => {
    passed += 60_000;
    const to = onSocket ? { socketPath: join(dataDir, 'admin.sock') } : { host: '127.0.0.1', port };
    const request = sendRequest({
      ...to,
      method,
      path,
      agent: false,
      headers: { 'x-forwarded-for': address, ...headers },
    });
    request.end(body);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  };
  const asked = async (ask: Ask, address = '198.18.1.1') => {
    const answer = await sent(ask, address);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
  };
  const json = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await asked({ method, path: `/api/v1${path}`, headers, ...given, onSocket: true });
    assert.equal(answer.status, 200, answer.body);
    return JSON.parse(answer.body) as Record<string, unknown>;
  };

  const events: Event[] = [];
  let told = () => {};
  const tail = await sent({ path: '/api/v1/audit/tail?lines=0&follow=true', onSocket: true }, '198.18.1.1');
  tail.setEncoding('utf8');
  let rest = '';
  tail.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { kind, record } = JSON.parse(line) as TailLine;
      if (kind === 'event') events.push(record);
    }
    told();
  });
  t.after(() => tail.destroy());
  /** Waits until there is one for which it is true. */
  const event = async (isMeant: (event: Event) => boolean, what: string): Promise<Event> => {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = events.find(isMeant);
      if (found !== undefined) return found;
      assert.ok(Date.now() < deadline, `no row of ${what}`);
      await new Promise<void>((resolve) => {
        told = resolve;
        setTimeout(resolve, WAIT_MS).unref();
      });
    }
  };
  return {
    broker,
    port: Number(port),
    routes,
    asked,
    json,
    events,
    event,
    logged,
    pass: (ms: number) => (passed += ms),
  };
}

const isRefusal = ({ type }: Event): boolean =>
  [
    'auth.rejected',
    'request.refused',
    'message.refused',
    'login.failed',
    'login.throttled',
    'approval.refused',
  ].includes(type);

test('whatever is refused at whichever door leaves one row, and what is served leaves none', async (t) => {
  const { routes, asked, json, events, event, pass, port, logged } = await open(t);
  await json('POST', '/users', { name: 'ada', role: 'admin' });
  await json('POST', '/servers', { name: 'small', transport: { kind: 'http', url: 'http://127.0.0.1:9/mcp' } });
  const grant = async (label: string, more: object = {}) =>
    String((await json('POST', '/grants', { label, servers: ['small'], ...more }))['token']);
  const good = await grant('good');
  const expired = await grant('short', { expires_in_s: 60 });
  const revoked = await grant('revoked');
  const elsewhere = await grant('elsewhere', { allow_from: ['203.0.113.7'] });
  await json('POST', '/grants/revoked/revoke');
  const token = async (role: string) => String((await json('POST', '/admin-tokens', { label: role, role }))['token']);
  const auditor = await token('auditor');
  const scim = await token('scim');
  pass(600_000);

  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
  const mcp = (value: string) => ({
    ...{ ...bearer(value), accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
  });
  const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const tunnel = {
    ...upgrade,
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'mcpgate.v1',
  };
  const rejected = (door: string, reason: string): Wanted => ({ type: 'auth.rejected', door, reason });
  const refused = (door: string, reason: string): Wanted => ({ type: 'request.refused', door, reason });
  const whoami = '/v1/whoami';
  const unknown = 'mcg_'.padEnd(47, 'x');

  const page = await asked({ path: '/login' });
  const cookie = (page.headers['set-cookie'] ?? []).map((each) => each.split(';')[0]).join('; ');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? assert.fail('no form');
  const login = (fields: Record<string, string>) => ({
    ...{ method: 'POST', path: '/login', headers: { ...form, cookie } },
    body: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
  });
  // Ada comes through the proxy that signs people in.
  const ada = { 'x-forwarded-user': 'ada' };
  const device = await asked({ path: '/device', headers: ada });
  const typed = {
    ...{ method: 'POST', path: '/device' },
    headers: {
      ...form,
      ...ada,
      cookie: (device.headers['set-cookie'] ?? []).map((each) => each.split(';')[0]).join('; '),
    },
    body: new URLSearchParams({
      ...{ _csrf: /action="\/device".*?name="_csrf" value="([^"]+)"/s.exec(device.body)?.[1] ?? '' },
      typed_code: 'BCDF-GHJK',
    }).toString(),
  };
  const oauth = (path: string, fields: Record<string, string>) => ({
    ...{ method: 'POST', path: `/oauth/${path}`, headers: form, body: new URLSearchParams(fields).toString() },
  });
  const cli = { client_id: 'mcpgate-cli' };

  const table: readonly (readonly [Ask, Wanted])[] = [
    // Before it is known who asks.
    ...(['mcp', 'whoami'] as const).flatMap((door): (readonly [Ask, Wanted])[] => {
      const path = door === 'mcp' ? '/mcp' : whoami;
      const at = (value: string): Ask => ({ path, headers: bearer(value) });
      return [
        [{ path }, rejected(door, 'missing')],
        [at('x'.repeat(43)), rejected(door, 'unknown')],
        [at('mcg_short'), rejected(door, 'mistyped')],
        [at(expired), rejected(door, 'expired')],
        [at(revoked), rejected(door, 'revoked')],
        [at(elsewhere), rejected(door, 'wrong_address')],
        [at(auditor), rejected(door, 'wrong_audience')],
      ];
    }),
    [{ path: '/v1/tunnel', headers: tunnel }, rejected('tunnel', 'missing')],
    [{ path: '/v1/tunnel', headers: { ...tunnel, ...bearer('x'.repeat(43)) } }, rejected('tunnel', 'unknown')],
    [{ path: '/v1/tunnel', headers: { ...tunnel, ...bearer(revoked) } }, rejected('tunnel', 'revoked')],
    [{ path: '/v1/tunnel', headers: { ...tunnel, ...bearer(expired) } }, rejected('tunnel', 'expired')],
    [{ path: '/v1/tunnel', headers: { ...tunnel, ...bearer(auditor) } }, rejected('tunnel', 'wrong_audience')],
    [{ path: '/v1/tunnel', headers: { ...tunnel, 'sec-websocket-protocol': 'x' } }, refused('tunnel', 'version')],
    [
      { path: '/v1/tunnel', headers: { ...tunnel, ...bearer(good), 'sec-websocket-key': 'x' } },
      refused('tunnel', 'websocket'),
    ],
    [{ path: '/v1/tunnel' }, refused('tunnel', 'version')],
    [{ path: '/api/v1/users' }, rejected('api', 'missing')],
    [{ path: '/api/v1/users', headers: bearer(good) }, rejected('api', 'wrong_audience')],
    [{ path: '/api/v1/users', headers: bearer('mca_'.padEnd(47, 'x')) }, rejected('api', 'mistyped')],
    [{ path: '/api/v1/users', headers: { ...ada, 'sec-fetch-site': 'cross-site' } }, rejected('api', 'other_site')],
    [{ method: 'POST', path: '/api/v1/users', headers: ada }, rejected('api', 'csrf_token')],
    [{ path: '/scim/v2/Users' }, rejected('scim', 'mistyped')],
    [{ path: '/scim/v2/Users', headers: bearer(auditor) }, rejected('scim', 'wrong_role')],
    [{ path: '/mcp', headers: { 'x-forwarded-user': 'a b' } }, rejected('mcp', 'not_a_name')],
    [{ path: '/accounts', headers: { 'x-forwarded-user': 'a b' } }, rejected('pages', 'not_a_name')],
    [{ path: '/metrics' }, refused('metrics', 'forbidden')],
    // Forms of strangers.
    [login({ name: 'ada', password: 'wrong' }), { type: 'login.failed', door: '', reason: '' }],
    [login({ name: 'nobody', password: 'wrong' }), { type: 'login.failed', door: '', reason: '' }],
    [{ ...login({ name: 'ada', password: 'wrong' }), headers: form }, refused('pages', 'forbidden')],
    [
      { ...login({ name: 'ada' }), headers: { ...form, cookie, 'sec-fetch-site': 'cross-site' } },
      refused('pages', 'forbidden'),
    ],
    [typed, refused('pages', 'unknown')],
    [{ path: '/setup?token=wrong' }, refused('pages', 'gone')],
    [{ path: '/link?token=wrong' }, refused('pages', 'gone')],
    [{ path: '/no-such-page' }, refused('pages', 'unknown')],
    [{ path: '/%2e%2e/x' }, refused('pages', 'unknown')],
    [
      { method: 'POST', path: '/hooks/default/none', headers: { 'content-type': 'application/json' }, body: '{}' },
      rejected('hooks', 'signature'),
    ],
    [
      {
        method: 'POST',
        path: '/hooks/default/none',
        headers: { 'content-type': 'application/json' },
        body: 'x'.repeat(70_000),
      },
      refused('hooks', 'too_large'),
    ],
    [oauth('token', { ...cli, grant_type: 'refresh_token', refresh_token: 'x' }), rejected('oauth', 'invalid_grant')],
    [
      oauth('token', { ...cli, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'x' }),
      rejected('oauth', 'invalid_grant'),
    ],
    [
      oauth('token', { client_id: 'nobody', grant_type: 'refresh_token', refresh_token: 'x' }),
      rejected('oauth', 'invalid_client'),
    ],
    [oauth('token', { ...cli, grant_type: 'password' }), rejected('oauth', 'unsupported_grant_type')],
    [oauth('device_authorization', { client_id: 'nobody' }), rejected('oauth', 'invalid_client')],
    [
      {
        method: 'POST',
        path: '/oauth/register',
        headers: { 'content-type': 'application/json' },
        body: '{"redirect_uris":"x"}',
      },
      rejected('oauth', 'invalid_redirect_uri'),
    ],
    [{ path: '/oauth/upstream/callback/none?state=x' }, refused('oauth', 'malformed')],
    [{ path: '/.well-known/oauth-protected-resource/none' }, refused('oauth', 'unknown')],
    // What is asked by somebody who is known.
    [{ method: 'POST', path: '/mcp', headers: mcp(good), body: '{' }, refused('mcp', 'malformed')],
    [
      { method: 'POST', path: '/mcp', headers: { ...mcp(good), accept: 'text/html' }, body: '{}' },
      refused('mcp', 'media_type'),
    ],
    [
      { method: 'POST', path: '/mcp', headers: { ...mcp(good), 'content-length': String(65 * MB) } },
      refused('mcp', 'too_large'),
    ],
    [
      {
        method: 'POST',
        path: '/mcp',
        headers: { ...mcp(good), 'mcp-session-id': 'x' },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      },
      refused('mcp', 'unknown'),
    ],
    [
      {
        method: 'POST',
        path: '/mcp',
        headers: { ...mcp(good), ...modern },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}',
      },
      refused('mcp', 'malformed'),
    ],
    [{ method: 'PUT', path: '/mcp', headers: mcp(good), body: '{}' }, refused('mcp', 'method')],
    [{ path: '/mcp', headers: mcp(good) }, refused('mcp', 'malformed')],
    [{ path: '/api/v1/admin-tokens', headers: bearer(auditor) }, refused('api', 'forbidden')],
    [{ path: '/api/v1/audit/calls?limit=x', headers: bearer(auditor) }, refused('api', 'malformed')],
    [
      { path: '/api/v1/audit/records/00000000-0000-7000-8000-000000000000', headers: bearer(auditor) },
      refused('api', 'unknown'),
    ],
    [{ method: 'DELETE', path: '/api/v1/audit/calls', headers: bearer(auditor) }, refused('api', 'method')],
    [{ path: '/scim/v2/Users/none', headers: bearer(scim) }, refused('scim', 'unknown')],
    [
      {
        method: 'POST',
        path: '/scim/v2/Users',
        headers: { ...bearer(scim), 'content-type': 'application/json' },
        body: '{',
      },
      refused('scim', 'malformed'),
    ],
    [{ path: '/mcp', headers: bearer(unknown) }, rejected('mcp', 'mistyped')],
  ];

  let next = 0;
  const addresses: { address: string; ask: Ask; status: number; wanted: Wanted | undefined }[] = [];
  const send = async (ask: Ask, wanted: Wanted | undefined): Promise<void> => {
    const address = `198.18.${16 + Math.floor(next / 250)}.${1 + (next++ % 250)}`;
    const { status } = await asked(ask, address);
    addresses.push({ address, ask, status, wanted });
    if (wanted !== undefined)
      await event(
        (each) => each.address === address && isRefusal(each),
        `${ask.method ?? 'GET'} ${ask.path}: ${status}`,
      );
  };
  for (const [ask, wanted] of table) await send(ask, wanted);
  // Every route there is, to whoever is nobody: where it is refused it has a row, whatever it is.
  for (const { method, url } of new Map(routes.map((route) => [`${route.method} ${route.url}`, route])).values()) {
    if (method === 'HEAD') continue;
    const ask = {
      method,
      path: url.replaceAll(/:\w+/g, 'x').replace('*', 'x'),
      headers: { 'content-type': 'text/x', 'content-length': '1' },
      body: 'x',
    };
    await send(BODILESS.has(method) ? { method, path: ask.path } : ask, undefined);
  }
  // What is served, or led to where one signs in.
  for (const ask of [
    ...['/healthz', '/readyz', '/login', '/.well-known/oauth-authorization-server', '/devices'].map((path) => ({
      path,
    })),
    ...[
      { path: whoami, headers: bearer(good) },
      { path: '/api/v1/audit/calls', headers: bearer(auditor) },
    ],
    { path: '/scim/v2/Users', headers: bearer(scim) },
    oauth('device_authorization', cli),
  ])
    await send(ask, undefined);
  const { body } = await asked(oauth('device_authorization', cli), '198.18.2.1');
  const code = String(Object(JSON.parse(body))['device_code']);
  const waits = { ...cli, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code };
  const { body: waiting } = await asked(oauth('token', waits), '198.18.2.2');
  assert.match(waiting, /authorization_pending/);

  // The administration's socket, and what comes over TCP and is no HTTP.
  await asked({ path: '/api/v1/users/nobody', onSocket: true });
  const onSocket = await event(({ data }) => data['door'] === 'socket', 'the socket');
  assert.deepEqual(
    [onSocket.actor, onSocket.data['reason'], onSocket.data['route']],
    ['host:unknown', 'unknown', '/api/v1/users/:name'],
  );
  const socket = connect(port, '127.0.0.1');
  socket.end('this is no HTTP\r\n\r\n');
  const { data } = await event((each) => each.data['door'] === 'connection', 'what is no HTTP');
  assert.equal(data['reason'], 'malformed');

  // Rows of what was refused last have come when one that was refused after them has.
  await send({ path: '/the-last-one' }, refused('pages', 'unknown'));
  assert.ok(addresses.length > 200, `${addresses.length} requests`);
  for (const { address, ask, status, wanted } of addresses) {
    const own = events.filter((each) => each.address === address && isRefusal(each));
    const what = `${ask.method ?? 'GET'} ${ask.path}: ${status} ${JSON.stringify(own.map((each) => [each.type, each.data]))}`;
    assert.equal(own.length, status >= 400 ? 1 : 0, what);
    const [row] = own;
    if (row === undefined) continue;
    if (wanted === undefined) {
      if (row.data['door'] !== undefined) assert.equal(row.data['door'], doorOf(ask.path), what);
      continue;
    }
    const { type, data: said } = row;
    assert.deepEqual({ type, door: said['door'] ?? '', reason: said['reason'] ?? '' }, wanted, what);
  }
  const known = events.find(({ data: said }) => said['door'] === 'api' && said['reason'] === 'forbidden');
  assert.equal(known?.actor, 'admin-token:auditor', 'whoever is known is named');
  const wrongCode = events.find(({ data: said }) => said['route'] === '/device' && said['reason'] === 'unknown');
  assert.equal(wrongCode?.actor, 'ada', 'on pages too');
  assert.equal(
    events.some(({ address }) => address === '198.18.2.1' || address === '198.18.2.2'),
    false,
    'who waits is not refused',
  );
  assert.deepEqual(logged, [], 'and nothing was wrong');
});
