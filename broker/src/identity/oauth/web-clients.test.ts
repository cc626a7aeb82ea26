import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startPrivateSite } from '../../../../test/world/network/private-site.ts';
import { createConsentWorld, REDIRECT } from '../../http/pages/fixtures/consent-world.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';

async function open(t: TestContext, options: Parameters<typeof createConsentWorld>[0] = {}) {
  const world = await createConsentWorld(options);
  t.after(() => world.close());
  return world;
}

test('a registration is cut to what counts: a public client without a secret, bounded words, no addresses to load', async (t) => {
  const world = await open(t);
  const { status, body, clientId } = await world.register({
    client_name: `  A\u202e\u0007 ${'b'.repeat(100)}`,
    redirect_uris: ['cursor://anysphere.mcp/cb', 'https://app.example/cb', REDIRECT],
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'implicit'],
    response_types: ['code', 'token'],
    scope: 'read write everything',
    logo_uri: 'https://127.0.0.1/logo.png',
    jwks_uri: 'https://127.0.0.1/keys',
    sector_identifier_uri: 'https://127.0.0.1/sector',
    default_max_age: 1,
    software_id: 'painter-1',
    unheard_of: { a: 1 },
  });
  assert.equal(status, 201, JSON.stringify(body));
  assert.match(clientId, /^client-[0-9a-f]{32}$/);
  assert.equal(body['client_name'], `A ${'b'.repeat(62)}`);
  assert.equal(body['token_endpoint_auth_method'], 'none');
  assert.deepEqual(body['grant_types'], ['authorization_code', 'refresh_token']);
  assert.deepEqual(body['response_types'], ['code']);
  assert.equal(body['software_id'], 'painter-1');
  for (const name of ['client_secret', 'logo_uri', 'jwks_uri', 'sector_identifier_uri', 'scope', 'unheard_of'])
    assert.equal(body[name], undefined, name);
  const [event] = await world.events('client.registered');
  assert.equal(event?.subject, `client:${clientId}`);
});

test('registrations that lead elsewhere, or are no registrations, are refused', async (t) => {
  const world = await open(t);
  const bad = [
    { redirect_uris: [] },
    { redirect_uris: undefined },
    { redirect_uris: 'https://app.example/cb' },
    { redirect_uris: [REDIRECT, 'javascript:alert(1)'] },
    { redirect_uris: ['http://app.example/cb'] },
    { redirect_uris: [1] },
    { redirect_uris: Array.from({ length: 11 }, (_, index) => `https://app.example/${index}`) },
  ];
  for (const metadata of bad) {
    const { status, body } = await world.register(metadata);
    assert.equal(status, 400, JSON.stringify(metadata));
    assert.match(String(body['error']), /^invalid_(client_metadata|redirect_uri)$/);
  }
  const post = (body: string) =>
    fetch(`${world.origin}/oauth/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  for (const body of ['', '[]', '{"redirect_uris":', `{"client_name":"${'x'.repeat(100_000)}"}`])
    assert.ok((await post(body)).status >= 400 && (await post(body)).status < 500, body.slice(0, 40));
  const twice = `{"redirect_uris":["${REDIRECT}"],"redirect\\u005furis":["https://evil.example/cb"]}`;
  const deep = `{"redirect_uris":["${REDIRECT}"],"jwks":${'['.repeat(100)}${']'.repeat(100)}}`;
  for (const [body, says] of [
    [twice, /"redirect_uris" stands twice/],
    [deep, /deeper than 64/],
  ] as const) {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [400, 'no-store']);
    assert.match(String(Object(await answer.json())['error_description']), says);
  }
  assert.equal((await world.store.oauth.list('Client')).length, 0);
});

test('a flood of registrations is throttled by address', async (t) => {
  const world = await open(t);
  const answers = await Promise.all(Array.from({ length: 30 }, () => world.register()));
  assert.equal(answers.filter(({ status }) => status === 201).length, 20);
  const throttled = answers.filter(({ status }) => status === 429);
  assert.equal(throttled.length, 10);
  assert.ok(Number(throttled[0]?.headers.get('retry-after')) > 0);
  assert.equal((await world.store.oauth.list('Client')).length, 20);
});

test('registrations of others never take the place of one that is new, and there is room again for the next', async (t) => {
  const world = await open(t);
  const mine = await world.register();
  assert.equal(mine.status, 201);
  const [row] = await world.store.oauth.list('Client');
  assert.ok(row?.expiresAt);
  const fill = async (from: number, to: number, expiresAt: number) => {
    for (let index = from; index < to; index++)
      await world.store.oauth.upsert({ ...row, idHash: `stranger-${index}`, expiresAt });
  };
  await fill(0, 5_000, row.expiresAt + 1);
  const refused = await world.register();
  assert.deepEqual([refused.status, refused.body['error']], [429, 'temporarily_unavailable']);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.ok(await world.store.oauth.find('Client', row.idHash), 'the one that was there first is still there');
  await fill(0, 10, row.expiresAt - 2 * 3_600_000);
  assert.equal((await world.register()).status, 201);
  assert.ok(await world.store.oauth.find('Client', row.idHash));
});

test('logins that are begun and never ended are bounded by address', async (t) => {
  const world = await open(t);
  const begin = () =>
    fetch(`${world.origin}/oauth/device_authorization`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'mcpgate-cli' }),
    });
  const statuses: number[] = [];
  for (let index = 0; index < 310; index++) statuses.push((await begin()).status);
  assert.equal(statuses.filter((status) => status === 200).length, 300);
  assert.equal(statuses.filter((status) => status === 429).length, 10);
});

/** A web site with a client's metadata document, on this machine under a public name. */
async function documentSite(t: TestContext, allowHosts: readonly string[]) {
  const asked: string[] = [];
  const documents = new Map<string, object>();
  const site = await startPrivateSite(t, ['DNS:client.example'], (request, response) => {
    asked.push(request.url ?? '');
    const found = documents.get(request.url ?? '');
    if (found === undefined) response.writeHead(302, { location: '/meta.json' }).end();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  });
  const world = await open(t, {
    guardedFetch: createGuardedFetch({
      allowHosts,
      ca: [site.ca],
      resolve: (_name, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    }),
  });
  const id = (path: string) => `https://client.example:${site.port}${path}`;
  const publish = (path: string, more: object = {}) => {
    documents.set(path, {
      client_id: id(path),
      client_name: 'Painter',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      ...more,
    });
    return id(path);
  };
  return { world, asked, publish, id };
}

test('a client whose id is the address of its metadata document is shown with the host that serves it', async (t) => {
  const { world, asked, publish, id } = await documentSite(t, ['client.example']);
  const client = world.login(publish('/meta.json'));
  const person = await world.personAtBrowser();
  const page = await person.browser.open(client.path());
  assert.match(page.html, new RegExp(`Painter<small>described by ${new URL(id('/')).host}`));
  assert.ok(!page.html.includes('unverified'));
  const back = new URL((await person.browser.submit(page, { decision: 'approve' })).url);
  const tokens = await client.fetch(back.searchParams.get('code') ?? '');
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  assert.equal((await client.refresh(tokens.refresh)).status, 200);
  assert.deepEqual(asked, ['/meta.json'], 'fetched once, then kept for a while');
});

test('documents that say something else, lead elsewhere or want a secret are refused', async (t) => {
  const { world, asked, publish, id } = await documentSite(t, ['client.example']);
  const person = await world.personAtBrowser();
  const clients = [
    publish('/lies', { client_id: 'https://other.example/' }),
    publish('/secret', { client_secret: 'x' }),
    publish('/method', { token_endpoint_auth_method: 'client_secret_basic' }),
    publish('/keys', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://127.0.0.1/keys' }),
    publish('/redirects', { redirect_uris: ['http://evil.example/'] }),
    publish('/long', { client_uri: `https://client.example/${'x'.repeat(8000)}` }),
    id('/moved'),
    id('/moved').replace('https:', 'http:'),
  ];
  for (const clientId of clients) {
    const page = await person.browser.open(world.login(clientId).path());
    assert.equal(page.status, 400, clientId.slice(0, 80));
    assert.match(page.html, /cannot be connected/);
  }
  assert.ok(!asked.includes('/meta.json'), 'redirects are not followed');
});

test('a document on a private address is not fetched unless the configuration names its host', async (t) => {
  const { world, asked, publish } = await documentSite(t, []);
  const person = await world.personAtBrowser();
  assert.equal((await person.browser.open(world.login(publish('/meta.json')).path())).status, 400);
  assert.deepEqual(asked, []);
});

test('fetching documents for a stranger is throttled', async (t) => {
  const { world, asked, id } = await documentSite(t, ['client.example']);
  const person = await world.personAtBrowser();
  for (let index = 0; index < 35; index++) await person.browser.open(world.login(id(`/${index}`)).path());
  assert.equal(asked.length, 30);
});

test('scripts of allowed web pages may register and fetch tokens; those of others may not read the answers', async (t) => {
  const world = await open(t, { allowedOrigins: ['https://inspector.example'] });
  const ask = (path: string, origin: string, method: string) =>
    fetch(world.origin + path, {
      method,
      headers: { origin, 'content-type': 'application/json', 'access-control-request-method': 'POST' },
      ...(method === 'POST' && { body: JSON.stringify({ redirect_uris: [REDIRECT] }) }),
    });
  for (const path of ['/oauth/register', '/oauth/token'])
    for (const method of ['OPTIONS', 'POST']) {
      const mine = await ask(path, 'https://inspector.example', method);
      assert.equal(mine.headers.get('access-control-allow-origin'), 'https://inspector.example', `${method} ${path}`);
      assert.equal(mine.headers.get('access-control-allow-credentials'), null);
    }
  const registered = await ask('/oauth/register', 'https://inspector.example', 'POST');
  assert.equal(registered.status, 201);
  const foreign = await ask('/oauth/register', 'https://evil.example', 'POST');
  assert.equal(foreign.headers.get('access-control-allow-origin'), null);
  const { clientId } = await world.register();
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, refresh_token: 'x' });
  const refused = await fetch(`${world.origin}/oauth/token`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body,
  });
  assert.match(await refused.text(), /origin/);
});

test('metadata names what clients need to find: RFC 8414, PKCE, registration, client-ID metadata documents, iss', async (t) => {
  const world = await open(t);
  const metadata = (await (await fetch(`${world.origin}/.well-known/oauth-authorization-server`)).json()) as object;
  const facts = new Map<string, unknown>(Object.entries(metadata));
  assert.equal(facts.get('issuer'), world.publicUrl);
  assert.equal(facts.get('authorization_endpoint'), `${world.publicUrl}/oauth/auth`);
  assert.equal(facts.get('registration_endpoint'), `${world.publicUrl}/oauth/register`);
  assert.deepEqual(facts.get('code_challenge_methods_supported'), ['S256']);
  assert.deepEqual(facts.get('response_types_supported'), ['code']);
  assert.deepEqual(facts.get('token_endpoint_auth_methods_supported'), ['none']);
  assert.equal(facts.get('client_id_metadata_document_supported'), true);
  assert.equal(facts.get('authorization_response_iss_parameter_supported'), true);
});
