// People who sign in elsewhere: at the company's IdP, a real OpenID provider, in a real browser; and before a real nginx, which says who
// it is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createWorld } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { searchEvents } from '../world/call-rows.ts';
import { IDP_CLIENT, startCompanyIdp } from '../world/people/company-idp.ts';
import { freePort } from '../world/network/free-port.ts';
import { startUserProxy } from '../world/network/user-proxy.ts';

/** A configuration file that is gone after the test. */
function configFile(t: TestContext, lines: readonly string[], secret = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'mg-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'client-secret'), `${secret}\n`, { mode: 0o600 });
  const file = join(folder, 'mcpgate.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

test('mcpgate login by way of the company’s IdP: the device page, the IdP, back to the device, confirmed', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  const idp = await startCompanyIdp({ brokerUrl: url });
  t.after(() => idp.close());
  idp.people.set('grace', {
    preferred_username: 'grace',
    email: 'grace@corp.example',
    email_verified: true,
    groups: ['navy'],
  });
  const config = configFile(
    t,
    [
      'local_accounts: false',
      'oidc:',
      `  issuer: ${idp.issuer}`,
      `  client_id: ${IDP_CLIENT.id}`,
      '  client_secret_file: client-secret',
      '  groups_claim: groups',
      '  role_mapping: { navy: operator }',
      '  label: Corp ID',
      '  end_session: true',
      '  logout_ends: devices',
      '  workspace: default',
      '  workspace_claim: unit',
      '  workspace_mapping: { Team B: team-b }',
    ],
    IDP_CLIENT.secret,
  );
  const world = await createWorld(t, { direct: true, brokerArgs: ['--config', config, '--listen', listen] });
  assert.match(world.broker.output(), new RegExp(`${url}/oauth/idp/callback`), 'the redirect URI is said at the start');

  let laptops = 0;
  const logInAs = async (name: string, more: readonly string[] = []) => {
    const { page, complaints } = await openBrowser(t);
    const login = world.laptop(`laptop${++laptops}`).start(['login', url, '--json', '--no-browser', ...more]);
    const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
    await page.goto(`${url}/device`);
    await page.getByRole('link', { name: 'Continue with Corp ID' }).click();
    await page.getByRole('heading', { name: 'Company sign-in' }).waitFor();
    await page.getByLabel('Login').fill(name);
    await page.getByRole('button', { name: 'Go' }).click();
    return { page, login, code, complaints };
  };

  const { page, login, code, complaints } = await logInAs('grace');
  await page.getByLabel(/code/i).first().fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('acts as grace').waitFor();
  const [, user = ''] = await login.line(/"event":\s*"login".*"user":\s*"([^"]+)"/);
  assert.equal(user, 'grace');
  assert.equal(await login.exited, 0);
  const stopped = complaints.filter((text) => /security policy/i.test(text));
  assert.deepEqual(stopped, [], 'nothing that the content security policy had to stop');
  const users = (await world.broker.json(['user', 'list'])) as { name: string; role: string; groups: string[] }[];
  assert.deepEqual(
    users.map(({ name, role, groups }) => [name, role, groups]),
    [['grace', 'operator', ['navy']]],
  );
  assert.equal((await searchEvents(world.broker, 'user.created'))[0]?.subject, 'user:grace');

  await idp.rotateKeys();
  const again = await logInAs('grace');
  await again.page.getByRole('heading', { name: 'Connect a device' }).waitFor();

  await again.page.getByRole('button', { name: 'Sign out' }).click();
  await again.page.getByRole('button', { name: /sign me out/i }).click();
  await again.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(new URL(again.page.url()).origin, url, 'back from the IdP');
  const [receipt] = await searchEvents(world.broker, 'device.revoked');
  assert.deepEqual([receipt?.actor, receipt?.data['user']], [`idp:${new URL(idp.issuer).host}`, 'grace']);
  assert.doesNotMatch(world.broker.output(), /id_token_hint|eyJ/, 'no token in the log');
  await again.page.goto(`${url}/login/idp`);
  await again.page.getByRole('heading', { name: 'Company sign-in' }).waitFor();

  await world.broker.run(['workspace', 'add', 'team-b']);
  idp.people.set('hopper', { preferred_username: 'hopper', unit: 'Team B' });
  const hopper = await logInAs('hopper', ['--workspace', 'team-b']);
  await hopper.page.locator('input.code').fill(hopper.code);
  await hopper.page.getByRole('button', { name: 'Continue' }).click();
  await hopper.page.getByRole('button', { name: 'Connect', exact: true }).click();
  assert.equal(await hopper.login.exited, 0);
  const devices = (await world.broker.json(['device', 'list', '--workspace', 'team-b'])) as { user: string }[];
  assert.deepEqual(
    devices.map((device) => device.user),
    ['hopper'],
  );
  idp.people.set('hopper', { preferred_username: 'hopper' });
  const moved = await logInAs('hopper');
  await moved.page.getByText('You belong to another workspace of this broker').waitFor();

  await world.broker.run(['user', 'disable', 'grace']);
  const disabled = await logInAs('grace');
  await disabled.page.getByText('Your account on this broker is disabled').waitFor();
  const stranger = await logInAs('mallory');
  await stranger.page.getByText('Corp ID did not let you in').waitFor();
  const reasons = (await searchEvents(world.broker, 'login.failed')).map(({ data }) => data['reason']);
  assert.deepEqual(new Set(reasons), new Set(['denied', 'disabled', 'elsewhere']));
});

/** `GET path` from an address of this machine. */
async function get(options: {
  port: string;
  path: string;
  from: string;
  headers: Record<string, string | string[]>;
  method?: string;
  body?: string;
}): Promise<{ status: number; text: string }> {
  const { port, path, from, headers, method = 'GET', body } = options;
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers,
    localAddress: from,
    agent: false,
    timeout: 10_000,
  });
  sent.once('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

test('behind an nginx that signs people in: pages and /mcp know the person; forged and repeated headers open nothing', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const config = configFile(t, [
    'forwarded_auth:',
    '  from: [127.0.0.7]',
    '  groups_header: X-Forwarded-Groups',
    '  workspace: default',
    '  workspace_header: X-Forwarded-Workspace',
    '  workspace_mapping: { Team B: team-b }',
  ]);
  const world = await createWorld(t, { direct: true, brokerArgs: ['--config', config, '--listen', listen] });
  const proxy = await startUserProxy({
    root: world.root,
    broker: listen,
    from: '127.0.0.7',
    people: {
      'ada-password': { user: 'ada', groups: 'data,platform' },
      'bob-password': { user: 'bob', groups: '', workspace: 'Team B' },
    },
  });
  // Before the world, which would only kill nginx's master.
  try {
    const host = listen;
    const [direct, front] = [new URL(`http://${listen}`).port, String(proxy.port)];
    const hello = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    });
    const mcp = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const initialize = (port: string, from: string, headers: Record<string, string | string[]>) =>
      get({ port, path: '/mcp', from, method: 'POST', body: hello, headers: { host, ...mcp, ...headers } });

    const forged = { 'x-forwarded-user': 'root', 'x-forwarded-groups': 'admins' };
    const key = { 'x-key': 'ada-password' };
    const home = await get({ port: front, path: '/', from: '127.0.0.9', headers: { host, ...key, ...forged } });
    assert.match(home.text, /Hello, ada/, 'nginx puts its own name in the place of the forged one');
    const opened = await initialize(front, '127.0.0.9', { ...key, ...forged });
    assert.equal(opened.status, 200, opened.text);
    const users = (await world.broker.json(['user', 'list'])) as { name: string; role: string; groups: string[] }[];
    assert.deepEqual(
      users.map(({ name, role, groups }) => [name, role, groups]),
      [['ada', 'member', ['data', 'platform']]],
    );
    assert.equal((await initialize(front, '127.0.0.9', forged)).status, 401, 'nginx knows nobody: the header is empty');

    assert.equal((await initialize(direct, '127.0.0.9', forged)).status, 403, 'not the proxy');
    const page = await get({ port: direct, path: '/', from: '127.0.0.9', headers: { host, ...forged } });
    assert.deepEqual([page.status, /Hello/.test(page.text)], [403, false]);
    const spoofed = { ...forged, 'x-forwarded-for': '127.0.0.7' };
    assert.equal((await initialize(direct, '127.0.0.9', spoofed)).status, 403, 'the peer counts, not what it says');
    const twice = { 'x-forwarded-user': ['ada', 'root'] };
    assert.equal((await initialize(direct, '127.0.0.7', twice)).status, 403);
    assert.equal((await initialize(direct, '127.0.0.7', { 'x-forwarded-user': 'ada, root' })).status, 403);
    const reasons = (await searchEvents(world.broker, 'auth.rejected')).map(({ data }) => data['reason']);
    for (const reason of ['untrusted_peer', 'repeated_header', 'not_a_name'])
      assert.ok(reasons.includes(reason), reason);
    const bearer = await initialize(direct, '127.0.0.9', { ...forged, authorization: 'Bearer nobody' });
    assert.equal(bearer.status, 401, 'where a token opens the door the header is ignored');

    await world.broker.run(['workspace', 'add', 'team-b']);
    const chosen = { ...key, 'x-forwarded-workspace': 'Team B' };
    assert.equal((await initialize(front, '127.0.0.9', chosen)).status, 200, 'nginx sets the workspace too');
    assert.equal((await initialize(front, '127.0.0.9', { 'x-key': 'bob-password' })).status, 200);
    const inB = (await world.broker.json(['user', 'list', '--workspace', 'team-b'])) as { name: string }[];
    assert.deepEqual(
      inB.map(({ name }) => name),
      ['bob'],
    );
    const moved = { 'x-forwarded-user': 'ada', 'x-forwarded-workspace': 'Team B' };
    assert.equal((await initialize(direct, '127.0.0.7', moved)).status, 403, 'she is in default');

    await world.broker.run(['user', 'disable', 'ada']);
    assert.equal((await initialize(front, '127.0.0.9', key)).status, 403);
  } finally {
    await proxy.close();
  }
});
