// Clients that were given nothing but a URL: discovery, registration, the person's login and yes in a real browser, tokens for one audience,
// and their end. With the official clients, each with the provider of its own SDK, and by hand where a client misbehaves.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { openWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { addTwoServers } from '../world/counting-world.ts';
import { createPersonAtBrowser } from '../world/people/signed-in.ts';
import { createOAuthMemory, createUrlClient, openCallback } from '../world/clients/url-client.ts';

const textOf = (result: object) => JSON.stringify(Reflect.get(result, 'content'));
const echo = (name: string) => ({ name, arguments: { text: 'hello' } });
const toolNames = (list: { tools: { name: string }[] }) => list.tools.map(({ name }) => name);

interface SessionRow {
  id: string;
  kind: string;
  user: string;
  label: string;
  resource: string | null;
  scopes: string[];
}

let world: World;
before(async () => (world = await openWorld({ direct: true })));
after(() => world.close());

const oauthSessions = async () =>
  ((await world.broker.json(['session', 'list'])) as SessionRow[]).filter(({ kind }) => kind === 'oauth');
const sessionsOf = async (name: string) => (await oauthSessions()).filter(({ user }) => user === name);

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hand', version: '1' } },
};

/** The status with which a door answers a token. */
async function statusAt(world: World, path: string, token: string): Promise<number> {
  const authorization = `Bearer ${token}`;
  if (!path.startsWith('/mcp')) return (await fetch(world.url + path, { headers: { authorization } })).status;
  const response = await fetch(world.url + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(initialize),
  });
  await response.text();
  return response.status;
}

async function form(world: World, path: string, fields: Record<string, string>) {
  const response = await fetch(world.url + path, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(await response.json()) };
}

const refresh = (world: World, { client, tokens }: ReturnType<typeof createOAuthMemory>['kept']) =>
  form(world, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: client?.client_id ?? '',
    refresh_token: tokens?.refresh_token ?? '',
  });

async function createBearerClient(t: TestContext, world: World, token: string, path: string) {
  const client = new ClientV2({ name: 'bearer', version: '1.0.0' });
  t.after(() => client.close());
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new TransportV2(new URL(world.url + path), { requestInit }));
  return client;
}

test('the official client, given only the URL, registers, the person signs in and allows it, and calls go through in their name', async (t) => {
  const { upstream } = await addTwoServers(t, world);
  const person = await createPersonAtBrowser(t, world, 'ada');
  await person.signOut();
  const urlClient = await createUrlClient(t, `${world.url}/mcp`, 'Painter <b>Bob</b>');

  const client = await urlClient.connect(async (page) => {
    await person.page.goto(page);
    await person.page.getByText('Sign in first, then decide').waitFor();
    await person.signIn();
    await person.page.getByText('Painter <b>Bob</b>').waitFor();
    const text = await person.page.locator('main').innerText();
    assert.match(text, /unverified/i);
    assert.ok(text.includes(new URL(urlClient.callback.url).host), text);
    assert.match(text, /ada/);
    await person.page.getByRole('button', { name: 'Allow', exact: true }).click();
    await person.page.getByText('Back in the application.').waitFor();
  });
  assert.deepEqual(person.complaints, [], 'nothing that the content security policy had to stop');
  assert.ok(toolNames(await client.listTools()).includes('counting__echo'));
  assert.match(textOf(await client.callTool(echo('counting__echo'))), /hello/);
  assert.equal(upstream.calls.length, 1);

  const record = await callRecord(world.broker, ({ member }) => member === 'ada');
  assert.deepEqual([record.tool_name, record.member], ['counting__echo', 'ada']);
  assert.equal(record.credential_kind, 'oauth');
  assert.equal(record.credential_label, 'Painter <b>Bob</b>');
  const [session, ...more] = await sessionsOf('ada');
  assert.deepEqual(more, []);
  assert.deepEqual([session?.user, session?.label], ['ada', 'Painter <b>Bob</b>']);
  assert.equal(session?.id, record.credential_id);
});

test('the official client of the newer generation does the same for one server, and its token is bound to that server', async (t) => {
  const { upstream, other } = await addTwoServers(t, world);
  const person = await createPersonAtBrowser(t, world, 'grace');
  const callback = await openCallback(t);
  const { kept, provider } = createOAuthMemory(callback.url, 'modern');
  const connect = async () => {
    const transport = new TransportV2(new URL(`${world.url}/mcp/counting`), { authProvider: provider });
    const client = new ClientV2({ name: 'modern', version: '2.0.0' });
    t.after(() => client.close());
    return { client, transport, connected: client.connect(transport) };
  };
  const first = await connect();
  await assert.rejects(first.connected);
  const page = kept.opened.shift();
  assert.equal(page?.searchParams.get('resource'), `${world.url}/mcp/counting`);
  await person.page.goto(page.href);
  assert.match(await person.page.locator('main').innerText(), /counting/);
  await person.page.getByRole('button', { name: 'Allow', exact: true }).click();
  const answer = await callback.next();
  assert.equal(answer.get('iss'), world.url, 'RFC 9207');
  assert.equal(answer.get('state'), 'state-of-the-client');
  await first.transport.finishAuth(answer);
  const { client, connected } = await connect();
  await connected;
  assert.ok(toolNames(await client.listTools()).includes('echo'));
  assert.match(textOf(await client.callTool(echo('echo'))), /hello/);
  assert.equal(upstream.calls.length, 1);

  const bound = await createBearerClient(t, world, kept.tokens?.access_token ?? '', '/mcp');
  const names = toolNames(await bound.listTools());
  assert.ok(names.includes('counting__echo') && !names.some((name) => name.startsWith('other__')), names.join(' '));
  await assert.rejects(async () => {
    const result = await bound.callTool(echo('other__echo'));
    if (result.isError === true) throw new Error(textOf(result));
  });
  assert.equal(other.calls.length, 0);
});

test('a person who says no sends the client away, and nobody is logged in', async (t) => {
  await addTwoServers(t, world);
  const sessions = await oauthSessions();
  const person = await createPersonAtBrowser(t, world, 'joan');
  const urlClient = await createUrlClient(t, `${world.url}/mcp`);
  await assert.rejects(
    urlClient.connect((page) => person.decide(page, 'Deny')),
    /access_denied/,
  );
  assert.equal(urlClient.kept.tokens, undefined);
  assert.deepEqual(await oauthSessions(), sessions);
  assert.deepEqual(person.complaints, []);
  // The client hears of it before the browser has its page.
  await person.page.waitForURL(({ origin }) => origin !== new URL(world.url).origin);
  await person.page.goBack();
  await person.page.reload();
  await person.page.getByText('This request is over').waitFor();
});

test('tokens renew themselves; an ended session, a disabled person: its next request and refresh are refused', async (t) => {
  await addTwoServers(t, world);
  const person = await createPersonAtBrowser(t, world, 'barbara');
  const urlClient = await createUrlClient(t, `${world.url}/mcp`);
  const client = await urlClient.connect((page) => person.decide(page, 'Allow'));
  const before = urlClient.kept.tokens;
  const again = await refresh(world, urlClient.kept);
  assert.equal(again.status, 200);
  assert.notEqual(again.body.access_token, before?.access_token);
  assert.notEqual(again.body.refresh_token, before?.refresh_token);
  urlClient.kept.tokens = { token_type: 'Bearer', ...again.body, access_token: String(again.body.access_token) };
  assert.match(textOf(await client.callTool(echo('counting__echo'))), /hello/);

  const [session] = await sessionsOf('barbara');
  assert.deepEqual([session?.resource, session?.scopes], [`${world.url}/mcp`, ['mcp']]);
  const receipt = (await world.broker.json(['session', 'end', session?.id ?? ''])) as Record<string, unknown>;
  assert.equal(receipt['subject'], `session:${session?.id}`);
  assert.ok(Number(receipt['tokens_revoked']) >= 2, JSON.stringify(receipt));
  assert.equal(await statusAt(world, '/mcp', urlClient.kept.tokens.access_token), 401);
  assert.equal((await refresh(world, urlClient.kept)).body.error, 'invalid_grant');
  assert.deepEqual(await sessionsOf('barbara'), []);

  const second = await createUrlClient(t, `${world.url}/mcp`, 'second');
  await second.connect((page) => person.decide(page, 'Allow'));
  assert.equal((await sessionsOf('barbara')).length, 1);
  await world.broker.json(['user', 'disable', 'barbara']);
  assert.equal(await statusAt(world, '/mcp', second.kept.tokens?.access_token ?? ''), 401);
  assert.equal((await refresh(world, second.kept)).body.error, 'invalid_grant');
  await world.broker.json(['user', 'enable', 'barbara']);
  assert.equal(await statusAt(world, '/mcp', second.kept.tokens?.access_token ?? ''), 401);
  assert.deepEqual(await sessionsOf('barbara'), []);
});

test('a token is good at one door: an mcp token neither at the tunnel nor at the API, a laptop’s not at /mcp', async (t) => {
  await addTwoServers(t, world);
  const person = await createPersonAtBrowser(t, world, 'linus');
  const urlClient = await createUrlClient(t, `${world.url}/mcp`);
  await urlClient.connect((page) => person.decide(page, 'Allow'));
  const mcpToken = urlClient.kept.tokens?.access_token ?? '';
  assert.equal(await statusAt(world, '/mcp', mcpToken), 200);
  assert.equal(await statusAt(world, '/v1/whoami', mcpToken), 401);
  assert.equal(await statusAt(world, '/api/v1/users', mcpToken), 401);
  const deviceToken = async (resource: string, name: string): Promise<string> => {
    const started = await form(world, '/oauth/device_authorization', {
      client_id: 'mcpgate-cli',
      scope: 'openid offline_access',
      resource: world.url + resource,
    });
    await world.broker.json(['login', 'approve', String(started.body['user_code']), '--as', name]);
    const tokens = await form(world, '/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'mcpgate-cli',
      device_code: String(started.body['device_code']),
    });
    return String(tokens.body['access_token']);
  };
  const tunnelToken = await deviceToken('/v1/tunnel', 'linus');
  assert.equal(await statusAt(world, '/v1/whoami', tunnelToken), 200);
  assert.equal(await statusAt(world, '/mcp', tunnelToken), 401);
  assert.equal(await statusAt(world, '/mcp/counting', tunnelToken), 401);
  assert.equal(await statusAt(world, '/api/v1/users', tunnelToken), 401);

  await world.person('root', { role: 'admin' });
  const adminToken = await deviceToken('/api/v1', 'root');
  assert.equal(await statusAt(world, '/api/v1/users', adminToken), 200, 'an administrator’s own login');
  assert.equal(await statusAt(world, '/api/v1/users', await deviceToken('/api/v1', 'linus')), 403, 'a member’s');
  assert.equal(await statusAt(world, '/mcp', adminToken), 401);
  assert.equal(await statusAt(world, '/v1/whoami', adminToken), 401);
});

test('ending the login of a client that has calls under way cancels them upstream at once', async (t) => {
  const { upstream } = await addTwoServers(t, world);
  const person = await createPersonAtBrowser(t, world, 'ken');
  const urlClient = await createUrlClient(t, `${world.url}/mcp`);
  const client = await urlClient.connect((page) => person.decide(page, 'Allow'));
  const begun = Promise.withResolvers<void>();
  const params = { name: 'counting__progress', arguments: {} };
  const held = client.callTool(params, undefined, { onprogress: () => begun.resolve() });
  const ended = assert.rejects(held, /\[mcpgate\] the login of url-client was ended/);
  await begun.promise;
  const [session] = await sessionsOf('ken');
  const receipt = (await world.broker.json(['session', 'end', session?.id ?? ''])) as Record<string, unknown>;
  assert.equal(receipt['calls_cancelled'], 1, JSON.stringify(receipt));
  await upstream.cancelled();
  await ended;
  upstream.release();
  const record = await callRecord(world.broker, ({ member }) => member === 'ken');
  assert.deepEqual([record.tool_name, record.status], ['counting__progress', 'cancelled']);
  assert.equal(await statusAt(world, '/mcp', urlClient.kept.tokens?.access_token ?? ''), 401);
});
