// Clients that have only a URL and a bearer header: `/mcp` and `/mcp/NAME-or-UUID`, with the official clients and by hand.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { addTwoServers } from '../world/counting-world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

let world: World;
before(async () => (world = await openWorld({ direct: true })));
after(() => world.close());

async function httpServers(t: TestContext) {
  const { upstream, other } = await addTwoServers(t, world);
  const issue = async (label: string, ...servers: string[]) =>
    (await world.broker.json([
      ...['grant', 'issue', '--label', label],
      ...servers.flatMap((server) => ['--server', server]),
    ])) as IssuedGrant;
  return { upstream, other, issue };
}

async function connect(t: TestContext, world: World, token: string, path = '/mcp') {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const transport = new StreamableHTTPClientTransport(new URL(world.url + path), { requestInit });
  const client = new Client({ name: 'http-client', version: '3.2.1' });
  await client.connect(transport);
  t.after(() => client.close());
  return { client, transport };
}

interface Message {
  id?: number;
  params?: { progressToken?: string; progress?: number };
}

const textOf = (result: object) => JSON.stringify(Reflect.get(result, 'content'));
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hand', version: '1' } },
};

function post(
  world: World,
  token: string | undefined,
  body: unknown,
  more: Record<string, string> = {},
  path = '/mcp',
) {
  return fetch(world.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...more,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

test('a client that sends a byte order mark, another letter case, nulls and the first version of all is understood', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('careless', 'counting');
  const type = { 'content-type': 'Application/JSON; charset=UTF-8' };
  const handshake = { ...initialize, params: { ...initialize.params, protocolVersion: '2024-10-07' } };
  const opened = await post(world, token, `\uFEFF\r\n${JSON.stringify(handshake)}\n`, type);
  assert.match(await opened.text(), /"protocolVersion":"2024-10-07"/);
  const session = { ...type, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const params = { name: 'counting__echo', arguments: null, _meta: null };
  const call = `\uFEFF${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params })}`;
  const answer = await post(world, token, call, { ...session, 'mcp-protocol-version': '2024-10-07' });
  assert.match(await answer.text(), /"id":2,"result"/);
  assert.equal(upstream.calls.length, 1);
});

test('the official v1 and v2 clients use all servers of a grant with a URL and a bearer header', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token, id } = await issue('automation', 'counting');
  const { client } = await connect(t, world, token);
  const { tools } = await client.listTools();
  assert.ok(tools.length > 0 && tools.every(({ name }) => name.startsWith('counting__')));
  assert.match(
    textOf(await client.callTool({ name: 'counting__echo', arguments: { text: 'over http' } })),
    /over http/,
  );
  const record = await callRecord(
    world.broker,
    ({ tool_name, credential_label }) => tool_name === 'counting__echo' && credential_label === 'automation',
  );
  assert.deepEqual(
    [record.credential_kind, record.credential_id, record.client_name, record.client_version, record.status],
    ['grant', id, 'http-client', '3.2.1', 'ok'],
  );

  const v2 = new ClientV2({ name: 'v2', version: '2' });
  t.after(() => v2.close());
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await v2.connect(new TransportV2(new URL(`${world.url}/mcp`), { requestInit }));
  await v2.callTool({ name: 'counting__echo', arguments: { text: 'v2' } });
  assert.equal(upstream.calls.length, 2);
});

test('/mcp/NAME and /mcp/UUID show one server under its own names, to whom is bound to it', async (t) => {
  const { other, issue } = await httpServers(t);
  const servers = (await world.broker.json(['server', 'list'])) as { id: string; name: string }[];
  const uuid = servers.find(({ name }) => name === 'counting')?.id ?? '';
  const { token } = await issue('one', 'counting');
  for (const path of ['/mcp/counting', `/mcp/${uuid}`]) {
    const { client } = await connect(t, world, token, path);
    assert.ok((await client.listTools()).tools.some(({ name }) => name === 'echo'));
    assert.match(textOf(await client.callTool({ name: 'echo', arguments: { text: path } })), /mcp/);
  }
  for (const path of ['/mcp/other', '/mcp/nothing'])
    await assert.rejects(connect(t, world, token, path), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`there is no server or bundle \\\\?"${path.slice(5)}\\\\?" that you may use`),
      );
      return true;
    });
  await assert.rejects(connect(t, world, token, '/mcp/countng'), /did you mean http.*\/mcp\/counting\?/);
  assert.equal(other.calls.length, 0);
});

test('progress comes on the stream of its request, and a cancelled request is cancelled upstream', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { client } = await connect(t, world, (await issue('slow', 'counting')).token);
  const controller = new AbortController();
  const call = client.callTool({ name: 'counting__hold', arguments: {} }, undefined, { signal: controller.signal });
  await upstream.arrived('hold');
  controller.abort();
  await assert.rejects(call);
  await upstream.cancelled();
  const steps: number[] = [];
  await client.callTool({ name: 'counting__progress', arguments: {} }, undefined, {
    onprogress({ progress }) {
      steps.push(progress);
      if (progress === 3) upstream.release();
    },
  });
  assert.deepEqual(steps, [1, 2, 3]);
});

test('a revoked grant ends its sessions at once and gets 401 on its next request', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token, id } = await issue('leaver', 'counting');
  const { client } = await connect(t, world, token);
  const call = client.callTool({ name: 'counting__hold', arguments: {} });
  call.catch(() => undefined);
  await upstream.arrived('hold');
  const receipt = (await world.broker.json(['grant', 'revoke', id])) as { calls_cancelled: number };
  assert.equal(receipt.calls_cancelled, 1);
  await upstream.cancelled();
  await assert.rejects(call);
  const next = await post(world, token, initialize);
  assert.equal(next.status, 401);
  assert.match(next.headers.get('www-authenticate') ?? '', /error="invalid_token".*oauth-protected-resource\/mcp"/);
});

test('of several requests that are open each gets its own messages on its own stream, and the stream beside them the rest', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('busy', 'counting');
  const opened = await post(world, token, initialize);
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await opened.text();
  const send = (id: number, method: string, params: object = {}) =>
    post(world, token, { jsonrpc: '2.0', id, method, params }, session);
  await (await send(2, 'tools/list')).text();
  const beside = await fetch(`${world.url}/mcp`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...session },
  });
  const calls = ['a', 'b', 'c'].map(async (progressToken, index) => {
    const response = await send(10 + index, 'tools/call', { name: 'counting__progress', _meta: { progressToken } });
    return { response, text: response.text() };
  });
  // Each is a stream by now: it had something to say before its answer.
  const streams = await Promise.all(calls);
  await world.broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'counting__large']);
  const reader = beside.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  while (!heard.includes('list_changed')) heard += (await reader?.read())?.value ?? assert.fail('the stream ended');
  upstream.release();
  for (const [index, { response, text }] of streams.entries()) {
    assert.match(response.headers.get('content-type') ?? '', /event-stream/);
    const messages = [...(await text).matchAll(/^data: (\{.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? '') as Message,
    );
    const progressToken = ['a', 'b', 'c'][index];
    assert.deepEqual(
      messages.map(({ id, params }) => id ?? [params?.progressToken, params?.progress]),
      [[progressToken, 1], [progressToken, 2], [progressToken, 3], 10 + index],
    );
  }
  assert.doesNotMatch(heard, /progress|result/);
  await reader?.cancel();
});

test('a client that lost its connection comes back for its answer with Last-Event-ID', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('resuming', 'counting');
  const opened = await post(world, token, initialize);
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await opened.text();
  const gone = new AbortController();
  const params = { name: 'counting__hold', arguments: {}, _meta: { progressToken: 'p' } };
  const response = await fetch(`${world.url}/mcp`, {
    method: 'POST',
    signal: gone.signal,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...session,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params }),
  });
  assert.match(response.headers.get('content-type') ?? '', /event-stream/);
  const first = await response.body?.getReader().read();
  const lastEventId = /^id: (\S+)/m.exec(new TextDecoder().decode(first?.value))?.[1] ?? '';
  assert.notEqual(lastEventId, '');
  gone.abort();
  upstream.release();
  await callRecord(world.broker, ({ credential_label, status }) => credential_label === 'resuming' && status === 'ok');
  const resumed = await fetch(`${world.url}/mcp`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      'last-event-id': lastEventId,
      ...session,
    },
  });
  assert.match(await resumed.text(), /"id":7,"result"/);
  assert.equal(upstream.calls.length, 1);
});

test('bad requests are refused with the status that the specification says, and the broker lives on', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('clumsy', 'counting');
  const another = await issue('another', 'counting');
  const anonymous = await post(world, undefined, initialize);
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Bearer resource_metadata="http/);
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const opened = await post(world, token, initialize);
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const unknown = { accept: 'text/event-stream', 'mcp-protocol-version': '1999-01-01' };
  const bearer = { authorization: `Bearer ${token}` };
  const cases: [string, Response, number][] = [
    ['no session', await post(world, token, list), 400],
    [
      'no session to listen to',
      await fetch(`${world.url}/mcp`, { headers: { ...bearer, accept: 'text/event-stream' } }),
      400,
    ],
    ['no session to end', await fetch(`${world.url}/mcp`, { method: 'DELETE', headers: bearer }), 400],
    ['unknown session', await post(world, token, list, { 'mcp-session-id': 'x' }), 404],
    ['another’s session', await post(world, another.token, list, session), 404],
    ['no JSON', await post(world, token, '{"jsonrpc"', session), 400],
    ['a batch', await post(world, token, [list], session), 400],
    ['wrong type', await post(world, token, list, { ...session, 'content-type': 'text/plain' }), 415],
    ['no accept', await post(world, token, list, { ...session, accept: 'application/json' }), 406],
    ['a version', await post(world, token, list, { ...session, 'mcp-protocol-version': '1999-01-01' }), 400],
    [
      'a version to listen in',
      await fetch(`${world.url}/mcp`, { headers: { ...bearer, ...session, ...unknown } }),
      400,
    ],
    ['a packed body', await post(world, token, list, { ...session, 'content-encoding': 'gzip' }), 415],
    ['a method that is none', await fetch(`${world.url}/mcp`, { method: 'PUT', headers: bearer }), 405],
    ['a foreign page', await post(world, token, list, { ...session, origin: 'https://evil.example' }), 403],
    ['a wrong token', await post(world, 'mcg_wrong', list, session), 401],
  ];
  for (const [name, response, status] of cases) assert.equal(response.status, status, name);
  for (const [name, response] of cases.filter(([name]) => name.startsWith('a version')))
    assert.match(await response.text(), /"1999-01-01.{0,2} is not supported; known are 2024-10-07.*2026-07-28/, name);
  const call = {
    jsonrpc: '2.0',
    id: 3,
    method: 'tools/call',
    params: { name: 'counting__echo', arguments: { text: 'a' } },
  };
  const answered = await post(world, token, call, session);
  assert.match(await answered.text(), /"id":3,"result"/);
  const headers = { authorization: `Bearer ${token}`, ...session };
  assert.equal((await fetch(`${world.url}/mcp`, { method: 'DELETE', headers })).status, 204);
  assert.equal((await post(world, token, list, session)).status, 404);
  assert.equal(upstream.calls.length, 1);
});

test('a page of an allowed site may send the headers that repeat parameters of a tool', async (t) => {
  await httpServers(t);
  const asked = 'content-type, Mcp-Param-Region, mcp-param-a b, x-other';
  const headers = {
    origin: world.url,
    'access-control-request-method': 'POST',
    'access-control-request-headers': asked,
  };
  const answer = await fetch(`${world.url}/mcp`, { method: 'OPTIONS', headers });
  assert.equal(answer.status, 204);
  const allowed = (answer.headers.get('access-control-allow-headers') ?? '').split(', ');
  assert.deepEqual(allowed.slice(-2), ['last-event-id', 'mcp-param-region']);
});

test('a batch is answered with a stream of answers in the version that has batches, and refused in the others', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('batching', 'counting');
  const open = async (protocolVersion: string) => {
    const opened = await post(world, token, { ...initialize, params: { ...initialize.params, protocolVersion } });
    return { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  };
  const echo = (id: unknown) => {
    const params = { name: 'counting__echo', arguments: { text: `of ${String(id)}` } };
    return { jsonrpc: '2.0', id, method: 'tools/call', params };
  };
  const batch = [echo('a'), { jsonrpc: '2.0', method: 'notifications/initialized' }, echo(2), 7, initialize];
  const refused = await post(world, token, batch, await open('2025-06-18'));
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /batches are of protocol version 2025-03-26 alone/);
  const session = await open('2025-03-26');
  const answered = await post(world, token, batch, session);
  assert.match(answered.headers.get('content-type') ?? '', /event-stream/);
  const events = (await answered.text()).split('\n').filter((line) => line.startsWith('data: '));
  const answers = events.map((line) => JSON.parse(line.slice(6)) as { id: unknown; error?: { code: number } });
  assert.deepEqual(answers.map(({ id }) => String(id)).sort(), [String(initialize.id), '2', 'a', 'null'].sort());
  assert.deepEqual(
    answers.flatMap(({ error }) => (error === undefined ? [] : [error.code])),
    [-32600, -32600],
  );
  assert.equal(upstream.calls.length, 2);
  const told = await post(world, token, [{ jsonrpc: '2.0', method: 'notifications/initialized' }], session);
  assert.equal(told.status, 202);
  assert.equal((await post(world, token, [], session)).status, 400);
});

test('a call whose session is ended is answered with an error of mcpgate’s own, which no SDK takes for a time-out', async (t) => {
  const { upstream, issue } = await httpServers(t);
  const { token } = await issue('leaving', 'counting');
  const opened = await post(world, token, initialize);
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const hold = { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'counting__hold', arguments: {} } };
  const answered = post(world, token, hold, session);
  await upstream.arrived('hold');
  const headers = { authorization: `Bearer ${token}`, ...session };
  assert.equal((await fetch(`${world.url}/mcp`, { method: 'DELETE', headers })).status, 204);
  assert.match(await (await answered).text(), /"id":3,"error":\{"code":-32011,"message":"\[mcpgate\] /);
  const record = await callRecord(world.broker, ({ credential_label }) => credential_label === 'leaving');
  assert.deepEqual([record.tool_name, record.status], ['counting__hold', 'cancelled']);
});
