// Clients of MCP 2026-07-28, over HTTP and through `mcpgate serve`, with the official v2 client; in front of a server of the same version
// and of one before it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { REPOSITORY } from '../step.ts';
import { startModernHttp } from '../upstreams/modern-http.ts';
import { createWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { GATE } from '../world/people/person.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

const everything = join(REPOSITORY, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');

async function bothGenerations(t: TestContext) {
  const modern = await startModernHttp();
  t.after(() => modern.close());
  const world = await createWorld(t, { direct: true, servers: { new: { url: modern.url } } });
  await world.importServers(
    { old: { command: process.execPath, args: [everything] } },
    { args: ['--isolation', 'old=per-session'] },
  );
  return { world, modern };
}

async function grantToken(world: World): Promise<IssuedGrant> {
  return (await world.broker.json([
    'grant',
    'issue',
    '--label',
    'm',
    '--server',
    'old',
    '--server',
    'new',
  ])) as IssuedGrant;
}

const asked: string[] = [];

async function connect(t: TestContext, transport: Transport): Promise<Client> {
  const client = new Client(
    { name: 'v2-client', version: '7' },
    {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    },
  );
  client.setRequestHandler('elicitation/create', () => {
    asked.push('elicitation');
    return { action: 'accept', content: { name: 'Ada' } };
  });
  client.setRequestHandler('sampling/createMessage', () => {
    asked.push('sampling');
    return { role: 'assistant', model: 'm', content: { type: 'text', text: 'a sampled poem' } };
  });
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///home/ada' }] }));
  t.after(() => client.close());
  await client.connect(transport);
  return client;
}

function overHttp(world: World, token: string): Transport {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  return new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit });
}

const textOf = (result: object) => JSON.stringify(Reflect.get(result, 'content'));

async function useBoth(client: Client, world: World): Promise<void> {
  assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
  const names = (await client.listTools()).tools.map(({ name }) => name);
  assert.ok(names.includes('new__ask') && names.includes('old__echo'), names.join());
  asked.length = 0;
  assert.match(
    textOf(await client.callTool({ name: 'new__ask', arguments: {} })),
    /Ada.*a sampled poem.*file:\/\/\/home\/ada/,
  );
  assert.deepEqual(asked.toSorted(), ['elicitation', 'sampling']);
  const sampled = await client.callTool({
    name: 'old__trigger-sampling-request',
    arguments: { prompt: 'hello', maxTokens: 10 },
  });
  assert.match(textOf(sampled), /a sampled poem/);
  const roots = await client.callTool({ name: 'old__get-roots-list', arguments: {} });
  assert.match(textOf(roots), /home\/ada/);
  const steps: number[] = [];
  await client.callTool(
    { name: 'old__trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } },
    { onprogress: ({ progress }) => void steps.push(progress) },
  );
  // The SDK forgets the listener with the answer: of a step that comes in the same chunk as the answer it says nothing.
  assert.ok(steps[0] === 1 && steps.length <= 2, String(steps));
  const { contents } = await client.readResource({ uri: 'old+demo://resource/dynamic/text/7' });
  assert.match(JSON.stringify(contents), /Resource 7/);
  const record = await callRecord(world.broker, ({ tool_name }) => tool_name === 'old__trigger-sampling-request');
  assert.deepEqual([record.client_name, record.client_version, record.status], ['v2-client', '7', 'ok']);
}

async function hears(client: Client): Promise<void> {
  let changed: () => void = () => undefined;
  let updated: (uri: string) => void = () => undefined;
  const toolsChanged = new Promise<void>((resolve) => (changed = resolve));
  const noteUpdated = new Promise<string>((resolve) => (updated = resolve));
  client.setNotificationHandler('notifications/tools/list_changed', () => changed());
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => updated(params.uri));
  const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: ['new+note:a'] });
  await client.callTool({ name: 'new__touch', arguments: { uri: 'note:a' } });
  assert.equal(await noteUpdated, 'new+note:a');
  await client.callTool({ name: 'new__grow', arguments: {} });
  await toolsChanged;
  assert.ok((await client.listTools()).tools.some(({ name }) => name === 'new__grown'));
  await subscription.close();
}

test('over HTTP: lists, calls, questions of both kinds of server, progress, changes', async (t) => {
  const { world } = await bothGenerations(t);
  const client = await connect(t, overHttp(world, (await grantToken(world)).token));
  await useBoth(client, world);
  await hears(client);
});

test('through mcpgate serve: the same', async (t) => {
  const { world } = await bothGenerations(t);
  const ada = await world.member('ada');
  const client = await connect(
    t,
    new StdioClientTransport({ command: process.execPath, args: [GATE, 'serve'], env: ada.env }),
  );
  await useBoth(client, world);
  await hears(client);
});

test('over HTTP: a request that is given up is cancelled at its server, whatever its version', async (t) => {
  const { world, modern } = await bothGenerations(t);
  const client = await connect(t, overHttp(world, (await grantToken(world)).token));
  const controller = new AbortController();
  const call = client.callTool({ name: 'new__hang', arguments: {} }, { signal: controller.signal });
  call.catch(() => undefined);
  await modern.noted('hanging');
  controller.abort();
  await assert.rejects(call);
  await modern.noted('cancelled');
  const record = await callRecord(
    world.broker,
    ({ tool_name, status }) => tool_name === 'new__hang' && status !== 'unknown',
  );
  assert.equal(record.status, 'cancelled');
});

function meta(more: object = {}) {
  return {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    ...more,
  };
}

test('over HTTP: headers must say what the body says; there is no session, and POST only', async (t) => {
  const { world, modern } = await bothGenerations(t);
  const { token, id } = await grantToken(world);
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'new__echo', arguments: { text: 'ü' }, _meta: meta() },
  };
  const right = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'new__echo',
  };
  const post = async (headers: Record<string, string | undefined>, body: object = call) => {
    const sent = Object.entries({ ...right, ...headers }).filter(
      (each): each is [string, string] => each[1] !== undefined,
    );
    const response = await fetch(`${world.url}/mcp`, { method: 'POST', headers: sent, body: JSON.stringify(body) });
    const text = await response.text();
    const code = (JSON.parse(text || '{}') as { error?: { code: number } }).error?.code;
    return { status: response.status, code, text, session: response.headers.get('mcp-session-id') };
  };
  const ok = await post({});
  assert.deepEqual([ok.status, ok.code, ok.session], [200, undefined, null]);
  const encoded = `=?base64?${Buffer.from('new__echo').toString('base64')}?=`;
  assert.equal((await post({ 'mcp-name': encoded })).status, 200);
  const calls = () => modern.received.filter(({ method }) => method === 'tools/call').length;
  const before = calls();
  for (const wrong of [
    { 'mcp-name': 'new__touch' },
    { 'mcp-name': undefined },
    { 'mcp-name': '=?base64?*?=' },
    { 'mcp-method': 'tools/list' },
    { 'mcp-method': undefined },
    { 'mcp-protocol-version': undefined },
    { 'mcp-protocol-version': '2025-11-25' },
  ]) {
    const refused = await post(wrong);
    assert.deepEqual([refused.status, refused.code], [400, -32020], JSON.stringify(wrong));
  }
  const regional = (region: string) => ({
    ...call,
    params: { name: 'new__regional', arguments: { region }, _meta: meta() },
  });
  await post(
    { 'mcp-method': 'tools/list' },
    { jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta: meta() } },
  );
  for (const header of [undefined, 'other', '=?base64?*?=']) {
    const refused = await post({ 'mcp-name': 'new__regional', 'mcp-param-region': header }, regional('north'));
    assert.deepEqual([refused.status, refused.code], [400, -32020], String(header));
  }
  assert.equal(calls(), before);
  const repeated = await post({ 'mcp-name': 'new__regional', 'mcp-param-region': 'north' }, regional('north'));
  assert.deepEqual([repeated.status, repeated.code], [200, undefined]);
  const task = { jsonrpc: '2.0', id: 4, method: 'tasks/get', params: { taskId: 'x', _meta: meta() } };
  const undeclared = await post({ 'mcp-method': 'tasks/get', 'mcp-name': 'x' }, task);
  assert.deepEqual([undeclared.status, undeclared.code], [400, -32021]);
  const future = {
    ...call,
    params: { ...call.params, _meta: meta({ 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }) },
  };
  const unsupported = await post({ 'mcp-protocol-version': '2099-01-01' }, future);
  assert.deepEqual([unsupported.status, unsupported.code], [400, -32022]);
  const unknown = { jsonrpc: '2.0', id: 2, method: 'no/such', params: { _meta: meta() } };
  const missing = await post({ 'mcp-method': 'no/such', 'mcp-name': undefined }, unknown);
  assert.deepEqual([missing.status, missing.code], [404, -32601]);
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(`${world.url}/mcp`, { method, headers: right });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
  }
  const listening = new AbortController();
  const listen = {
    jsonrpc: '2.0',
    id: 9,
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true }, _meta: meta() },
  };
  const stream = await fetch(`${world.url}/mcp`, {
    method: 'POST',
    headers: { ...right, 'mcp-method': 'subscriptions/listen', 'mcp-name': '' },
    body: JSON.stringify(listen),
    signal: listening.signal,
  });
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  await world.broker.json(['grant', 'revoke', id]);
  const heard = await stream.text();
  assert.match(heard, /notifications\/subscriptions\/acknowledged/);
  assert.match(heard, /"id":9,"result":\{"resultType":"complete"/);
  assert.equal((await post({})).status, 401);
});
