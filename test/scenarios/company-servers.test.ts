// A server that people use with accounts which nobody connects: its authorization server believes what the company's IdP says of each person.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startOAuthUpstream } from '../upstreams/oauth-server.ts';
import { createWorld } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { freePort } from '../world/network/free-port.ts';
import { AT_SERVERS, IDP_CLIENT, startCompanyIdp } from '../world/people/company-idp.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { until } from '../world/until.ts';

test('a call just works once its person has signed in at the company’s IdP, with no click at the server; what the IdP says no to is not sent', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  const [idp, server] = await Promise.all([startCompanyIdp({ brokerUrl: url }), startOAuthUpstream()]);
  t.after(() => Promise.all([idp.close(), server.close()]));
  const assertions: { jti: unknown; sub: unknown }[] = [];
  const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`));
  // Its authorization server takes assertions of the company's IdP, each once.
  server.atToken = (request, response) => {
    const answer = async (): Promise<void> => {
      const form = new URLSearchParams(await text(request));
      assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
      const options = { issuer: idp.issuer, audience: `${server.issuer}/`, typ: 'oauth-id-jag+jwt' };
      const { payload } = await jwtVerify(form.get('assertion') ?? '', keys, options);
      assert.deepEqual([payload['client_id'], payload['resource']], [AT_SERVERS, server.url]);
      assert.ok(!assertions.some(({ jti }) => jti === payload.jti), 'an assertion is traded once');
      assertions.push({ jti: payload.jti, sub: payload.sub });
      const { refresh_token: _none, ...tokens } = server.issue(String(payload.sub).replace('id-of-', ''));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens));
    };
    answer().catch((error: unknown) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: 'invalid_grant', error_description: String(error) })),
    );
    return true;
  };
  const folder = mkdtempSync(join(tmpdir(), 'mg-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'client-secret'), `${IDP_CLIENT.secret}\n`, { mode: 0o600 });
  const lines = [
    ...['oidc:', `  issuer: ${idp.issuer}`, `  client_id: ${IDP_CLIENT.id}`, '  client_secret_file: client-secret'],
    ...['  label: Corp ID', '  token_exchange: true', 'outbound:', '  allow_hosts: [127.0.0.1]'],
  ];
  writeFileSync(join(folder, 'mcpgate.yaml'), `${lines.join('\n')}\n`);
  const config = join(folder, 'mcpgate.yaml');
  const world = await createWorld(t, { direct: true, brokerArgs: ['--config', config, '--listen', listen] });
  const account = [
    '--credential',
    'personal',
    '--oauth',
    '--via-idp',
    '--issuer',
    `${server.issuer}/`,
    '--client-id',
    AT_SERVERS,
  ];
  await world.broker.run(['server', 'add', 'web', server.url, ...account]);
  assert.match(await world.broker.run(['server', 'show', 'web']), /of the sign-in at the company’s IdP/);

  const people = ['grace', 'linus'];
  const pages = new Map<string, Awaited<ReturnType<typeof openBrowser>>['page']>();
  const callers = new Map<string, Awaited<ReturnType<typeof openMcpCaller>>>();
  for (const name of people) {
    idp.people.set(name, { preferred_username: name, email: `${name}@corp.example`, email_verified: true });
    const { page } = await openBrowser(t);
    pages.set(name, page);
    await page.goto(`${url}/login/idp`);
    await page.getByLabel('Login').fill(name);
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText(`Hello, ${name}`).waitFor();
    const issued = await world.broker.json(['grant', 'issue', '--label', name, '--server', 'web', '--user', name]);
    callers.set(name, await openMcpCaller(url, (issued as IssuedGrant).token));
  }
  const call = async (name: string) => callers.get(name)?.call('web__whoami', {});
  for (const name of [...people, ...people]) assert.equal(await call(name), `${name} with ***`);
  assert.deepEqual(
    assertions.map(({ sub }) => sub),
    ['id-of-grace', 'id-of-linus'],
    'one for each, as long as the token is good',
  );
  assert.ok(server.received.every(({ person, token }) => token === '' || token.startsWith(`at-${person}-`)));

  // Disconnected, it stays so until its person connects again, which leads through the sign-in and back.
  const page = pages.get('grace');
  assert.ok(page);
  await page.goto(`${url}/accounts/web`);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByText('web is disconnected').waitFor();
  for (const _again of [1, 2]) await assert.rejects(call('grace'), /connect your account at web|accounts\/web/);
  assert.equal(assertions.length, 2, 'no other is asked for');
  assert.equal(await call('linus'), 'linus with ***');
  await page.goto(`${url}/accounts/web`);
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('Your AI clients use it as you.', { exact: true }).waitFor();
  assert.equal(await call('grace'), 'grace with ***');
  assert.equal(assertions.splice(2).length, 1);

  // The token is good no more, and there is no refresh token: another assertion does.
  server.endAccess();
  await new Promise<void>((resolve) => setImmediate(resolve));
  idp.keptOut.add('linus');
  await until('another assertion', async () => (await call('grace').catch(() => '')) === 'grace with ***' || undefined);
  await until('what the IdP says', async () => {
    const said = await call('linus').catch(String);
    return /Corp ID does not let you use server web: .*access_denied/.test(said ?? '') || undefined;
  });
  assert.deepEqual(
    assertions.map(({ sub }) => sub),
    ['id-of-grace', 'id-of-linus', 'id-of-grace'],
  );

  const before = server.received.length;
  await world.broker.run(['user', 'disable', 'grace']);
  await assert.rejects(call('grace'));
  assert.equal(server.received.length, before);
  assert.doesNotMatch(world.broker.output(), /eyJ/, 'no token in the log');
});
