// A broker whose database has lost its tables answers at every door, and tells nobody there what its log says: no statement, no file,
// no line of its sources.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { startBrokerHere } from './fixtures/broker-here.ts';
import { createPageBrowser } from './http/pages/fixtures/page-browser.ts';
import { createSecret, createToken, sha256Hex } from './store/secret-token.ts';
import { openStore } from './store/open-store.ts';
import { SIGNED_IN } from './store/fixtures/signed-in.ts';

const INSIDE =
  /no such table|sqlite|database refused|\b(?:select|insert|update|delete)\b[^.]*\b(?:from|into|set)\b|mcpgate\.db|master\.key|\.ts\b|node:|\/tmp\//i;

/** A broker on a real database with a grant, tokens and somebody's browser session; `lose` takes tables away behind its back. */
async function open(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-inside-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const tokens = { grant: createToken('mcg_'), admin: createToken('mca_'), scim: createToken('mca_') };
  const store = await openStore({ dataDir, log: pino({ level: 'silent' }), clock: systemClock });
  const common = { workspaceId: 'default', expiresAt: null, createdBy: 'host:root' };
  const label = { grant: 'ci', admin: 'admin', scim: 'scim' };
  const user = { workspaceId: 'default', name: 'ada', email: null, role: 'admin', groups: [] } as const;
  const { id: userId } = await store.users.create(user);
  await store.grants.create({
    ...common,
    label: label.grant,
    userId,
    tokenHash: sha256Hex(tokens.grant),
    servers: ['wiki'],
    allowFrom: [],
  });
  for (const role of ['admin', 'scim'] as const)
    await store.adminTokens.create({ ...common, label: label[role], role, tokenHash: sha256Hex(tokens[role]) });
  await store.servers.create({
    workspaceId: 'default',
    name: 'wiki',
    enabled: true,
    isolation: 'shared',
    trustAnnotations: false,
    transport: { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: { authorization: '${secret:token}' } },
  });
  await store.servers.create({
    ...{ workspaceId: 'default', name: 'notes', enabled: true, isolation: 'per-user', trustAnnotations: false },
    transport: { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: { authorization: '${account:TOKEN}' } },
    credential: 'personal',
    account: { kind: 'keys', fields: [{ name: 'TOKEN', label: 'Your token', secret: true }] },
  });
  const may = { effect: 'allow', who: ['user:ada'], what: ['notes__*'], createdBy: 'host:root' } as const;
  await store.policy.addRule('default', may);
  const session = createSecret();
  await store.webSessions.create({
    ...{ tokenHash: sha256Hex(session), workspaceId: 'default', userId, address: '127.0.0.1', userAgent: 'test' },
    ...{ createdAt: systemClock.now(), expiresAt: systemClock.now() + 3_600_000, ...SIGNED_IN },
  });
  await store.close();

  const logged: string[] = [];
  const broker = await startBrokerHere(t, dataDir, { level: 'info', write: (line) => void logged.push(line) });

  const lose = (...tables: string[]) => {
    const database = new DatabaseSync(join(dataDir, 'mcpgate.db'));
    database.exec('pragma foreign_keys = off');
    for (const table of tables) database.exec(`alter table ${table} rename to lost_${table}`);
    database.close();
  };
  /** What a door says, all of it. */
  const ask = async (method: string, path: string, more: { headers?: Record<string, string>; body?: string } = {}) => {
    const response = await fetch(broker.url + path, { method, redirect: 'manual', ...more });
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    return { status: response.status, headers: response.headers, text: `${head}\n${await response.text()}` };
  };
  return { broker, tokens, logged, lose, ask, dataDir, session };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const MCP = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
const rpc = (method: string, params: object, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

test('what fails behind the door is in the log and in no answer', async (t) => {
  const { broker, tokens, logged, lose, ask } = await open(t);
  const mcp = { ...MCP, ...bearer(tokens.grant) };
  const initialize = rpc('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  const opened = await ask('POST', '/mcp', { headers: mcp, body: initialize });
  assert.equal(opened.status, 200, opened.text);
  const session = { ...mcp, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const browser = createPageBrowser(broker.url);
  const signIn = await browser.open('/login');

  const modern = (method: string, params: object) => ({
    headers: { ...mcp, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
    body: rpc(method, { ...params, _meta: MODERN }),
  });
  const doors = async () => {
    const answers: [string, { status: number; text: string }][] = [];
    const door = async (method: string, path: string, more: Parameters<typeof ask>[2] = {}) =>
      answers.push([`${method} ${path}`, await ask(method, path, more)]);
    for (const [method, params] of [
      ['tools/list', {}],
      ['resources/list', {}],
      ['tools/call', { name: 'wiki__read', arguments: {} }],
      ['resources/read', { uri: 'wiki://a' }],
      ['prompts/get', { name: 'wiki__p' }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'wiki__p' }, argument: { name: 'a', value: '' } }],
    ] as const) {
      await door('POST', '/mcp', { headers: session, body: rpc(method, params) });
      await door('POST', '/mcp', modern(method, params));
      await door('POST', '/mcp/wiki', modern(method, params));
    }
    await door('POST', '/mcp', { headers: mcp, body: initialize });
    await door('GET', '/v1/whoami', { headers: bearer(tokens.grant) });
    for (const path of ['/readyz', '/metrics', '/login', '/', '/device', '/me', '/setup?token=x', '/nowhere'])
      await door('GET', path);
    for (const path of [
      'users',
      'groups',
      'servers',
      'secrets',
      'rules',
      'grants',
      'devices',
      'sessions',
      'workspaces',
      'audit/calls',
      'audit/events',
      'audit/tail?follow=false',
    ])
      await door('GET', `/api/v1/${path}`, { headers: bearer(tokens.admin) });
    for (const [path, body] of [
      ['users', { name: 'eve' }],
      ['grants', { label: 'x', servers: ['wiki'] }],
      ['rules', { effect: 'allow', who: ['*'], what: ['*'] }],
    ] as const)
      await door('POST', `/api/v1/${path}`, {
        headers: { ...bearer(tokens.admin), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (const path of ['Users', 'Users?filter=userName%20eq%20%22ada%22', 'Groups', 'Users/x'])
      await door('GET', `/scim/v2/${path}`, { headers: bearer(tokens.scim) });
    await door('POST', '/scim/v2/Users', {
      headers: { ...bearer(tokens.scim), 'content-type': 'application/scim+json' },
      body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'eve@example.com' }),
    });
    const device = 'client_id=mcpgate-cli&scope=openid%20offline_access';
    await door('POST', '/oauth/device_authorization', { headers: FORM, body: device });
    for (const grant of ['refresh_token&refresh_token=x', 'urn:ietf:params:oauth:grant-type:device_code&device_code=x'])
      await door('POST', '/oauth/token', { headers: FORM, body: `client_id=mcpgate-cli&grant_type=${grant}` });
    await door('POST', '/oauth/revoke', { headers: FORM, body: 'client_id=mcpgate-cli&token=x' });
    await door('GET', '/oauth/auth?client_id=client-x&response_type=code&redirect_uri=http://localhost/x');
    await door('POST', '/oauth/register', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['http://localhost/x'] }),
    });
    const page = await browser.submit(signIn, { name: 'ada', password: 'a password' });
    answers.push(['POST /login', { status: page.status, text: page.html }]);
    return answers;
  };

  const judge = (answers: Awaited<ReturnType<typeof doors>>, what: string) => {
    for (const [door, { status, text }] of answers) assert.doesNotMatch(text, INSIDE, `${what}: ${door} (${status})`);
    const failed = answers.filter(([, { status, text }]) => status >= 500 || /"code":-32\d+|isError":true/.test(text));
    return new Set(failed.map(([door]) => door));
  };

  lose('policies', 'groups', 'secrets', 'rules', 'provisioned_groups', 'departures');
  const behind = judge(await doors(), 'without rules');
  for (const door of ['POST /mcp', 'POST /mcp/wiki', 'GET /api/v1/rules', 'GET /scim/v2/Groups'])
    assert.ok(behind.has(door), `${door} fails without rules`);

  lose('users', 'devices', 'oauth_objects', 'admin_tokens', 'grants', 'web_sessions', 'one_time_links', 'servers');
  const before = judge(await doors(), 'without people');
  for (const door of [
    'POST /mcp',
    'GET /v1/whoami',
    'GET /api/v1/users',
    'GET /scim/v2/Users',
    'POST /oauth/token',
    'POST /login',
  ])
    assert.ok(before.has(door), `${door} fails without people`);

  lose('audit_rows');
  judge(await doors(), 'without a log');

  const log = logged.join('');
  for (const table of ['policies', 'groups', 'grants', 'oauth_objects'])
    assert.ok(log.includes(`no such table: ${table}`), `the log says what is missing: ${table}`);
});

test('a page about an account says of a database that is locked what every page says, and the log has the rest', async (t) => {
  const { broker, logged, dataDir, session } = await open(t);
  const browser = createPageBrowser(broker.url);
  browser.jar.set('mcpgate', session);
  const page = await browser.open('/accounts/notes');
  assert.equal(page.status, 200, page.html);
  const other = new DatabaseSync(join(dataDir, 'mcpgate.db'));
  t.after(() => other.close());
  other.exec('begin immediate');
  const answer = await browser.submit(page, { TOKEN: 'ada-1234' });
  other.exec('rollback');
  assert.equal(answer.status, 503, answer.html);
  assert.match(answer.html, /cannot use its database now/);
  assert.doesNotMatch(answer.html, INSIDE);
  assert.ok(logged.join('').includes('mcpgate.db cannot be used now'), 'the log says which');
});
