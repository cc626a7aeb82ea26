// An AI client that the company has set up: it has no page to show, and trades what the company's IdP says for a token of the broker.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startIdentityServer } from '../upstreams/identity-server.ts';
import { createWorld } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { searchEvents } from '../world/call-rows.ts';
import { freePort } from '../world/network/free-port.ts';
import { IDP_CLIENT, startCompanyIdp } from '../world/people/company-idp.ts';
import { until } from '../world/until.ts';

const CLIENT = { id: 'company-claude', secret: 'what the broker and the client both know' };

test('a client of the company calls as the person whom the IdP names, without a page, until their access ends', async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  const idp = await startCompanyIdp({ brokerUrl: url });
  t.after(() => idp.close());
  idp.people.set('grace', { preferred_username: 'grace', email: 'grace@corp.example', email_verified: true });
  const folder = mkdtempSync(join(tmpdir(), 'mg-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'client-secret'), `${IDP_CLIENT.secret}\n`, { mode: 0o600 });
  const lines = [
    ...['oidc:', `  issuer: ${idp.issuer}`, `  client_id: ${IDP_CLIENT.id}`, '  client_secret_file: client-secret'],
    ...['  label: Corp ID', '  assertion_clients:', `    ${CLIENT.id}: \${secret:claude}`],
  ];
  writeFileSync(join(folder, 'mcpgate.yaml'), `${lines.join('\n')}\n`);
  const config = join(folder, 'mcpgate.yaml');
  const world = await createWorld(t, { direct: true, brokerArgs: ['--config', config, '--listen', listen] });
  const server = await startIdentityServer(url);
  t.after(() => server.close());
  await world.broker.run(['server', 'add', 'own', server.url, '--identity-header', 'X-Mcpgate-Identity']);

  const { page } = await openBrowser(t);
  await page.goto(`${url}/login/idp`);
  await page.getByLabel('Login').fill('grace');
  await page.getByRole('button', { name: 'Go' }).click();
  await page.getByText('Hello, grace').waitFor();

  const about = { aud: url, client_id: CLIENT.id, resource: `${url}/mcp` };
  const trade = async (assertion: string) => {
    const login = `${CLIENT.id}:${encodeURIComponent(CLIENT.secret)}`;
    const answer = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
    });
    return (await answer.json()) as { access_token?: string; error?: string };
  };
  const clientWith = async (token: string) => {
    const client = new Client({ name: 'company-claude', version: '1' });
    const headers = { authorization: `Bearer ${token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
    t.after(() => client.close());
    return client;
  };
  assert.equal(
    (await trade(await idp.idJag('grace', about))).error,
    'invalid_client',
    'its secret is not in the vault yet',
  );
  await world.broker.run(['secret', 'set', 'claude'], { stdin: CLIENT.secret });
  const removed = await world.broker.cli(['secret', 'remove', 'claude', '--yes']);
  assert.notEqual(removed.code, 0, 'and not taken out of it while the configuration names it');

  const assertion = await idp.idJag('grace', about);
  const { access_token: token = '' } = await trade(assertion);
  assert.equal((await trade(assertion)).error, 'invalid_grant', 'a second time');
  const client = await clientWith(token);
  const result = await client.callTool({ name: 'own__whoami', arguments: {} });
  assert.match(JSON.stringify(result.content), /grace of \[\] by \*\*\*/);
  assert.ok(server.received.every(({ token: told, authorization }) => told !== token && authorization === undefined));
  const sessions = (await world.broker.json(['session', 'list'])) as { kind: string; user: string; label: string }[];
  assert.ok(sessions.some(({ kind, user, label }) => kind === 'oauth' && user === 'grace' && label === CLIENT.id));

  await idp.rotateKeys();
  // The keys of the IdP are read again after a second at the earliest.
  await until(
    'an assertion with a new key of the IdP is taken',
    async () => (await trade(await idp.idJag('grace', about))).access_token !== undefined,
  );
  await world.broker.run(['user', 'disable', 'grace']);
  await assert.rejects(client.callTool({ name: 'own__whoami', arguments: {} }));
  assert.equal((await trade(await idp.idJag('grace', about))).error, 'invalid_grant');
  const refused = await searchEvents(world.broker, 'assertion.refused');
  const ofKeys = ({ data }: (typeof refused)[number]) => /signature|key/.test(String(data['reason']));
  assert.deepEqual(
    refused.filter((event) => !ofKeys(event)).map(({ subject, data }) => [subject, data['reason']]),
    [
      [`client:${CLIENT.id}`, 'nobody is known here under it, or their access has ended'],
      [`client:${CLIENT.id}`, 'it was used already'],
    ],
  );
  assert.doesNotMatch(world.broker.output(), /eyJ/, 'no token in the log');
});
