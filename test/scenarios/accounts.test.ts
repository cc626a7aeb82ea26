// A person's own accounts: connected in a real browser, used by an AI client, ended with the person; and whoever tries to slip in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createPageBrowser } from '../../broker/src/http/pages/fixtures/page-browser.ts';
import { startPostgres } from '../postgres.ts';
import { startOAuthUpstream } from '../upstreams/oauth-server.ts';
import { createWorld, type World } from '../world.ts';
import { filesHolding } from '../world/search.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { createPersonAtBrowser, PASSWORD } from '../world/people/signed-in.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';

test('a person connects an account in the browser, acts with it, and loses it with their access', async (t) => {
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', '--oauth']);

  const grace = await createPersonAtBrowser(t, world, 'grace');
  const laptop = world.laptop('grace-laptop');
  await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'grace']));
  const client = await laptop.aiClient();
  const refused = await client.call('wiki__whoami');
  const [link = ''] = /http:\/\/\S+\/accounts\/wiki/.exec(refused.text) ?? [];
  assert.ok(refused.isError && link !== '', refused.text);

  const { page } = grace;
  upstream.person = 'grace';
  await page.goto(`${world.url}/accounts`);
  await page.getByText('not connected').waitFor();
  await grace.signOut();
  await page.goto(link);
  await grace.signIn();
  await page.getByRole('heading', { name: 'Your account at wiki' }).waitFor();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('heading', { name: 'wiki is connected' }).waitFor();
  const used = await client.call('wiki__whoami');
  assert.equal(used.text, 'grace with ***');
  await page.goto(`${world.url}/accounts`);
  await page.getByText('connected just now').waitFor();
  assert.deepEqual(grace.complaints, []);

  const shown = Object(await world.broker.json(['user', 'show', 'grace']));
  assert.deepEqual(shown.accounts, [{ server: 'wiki', kind: 'oauth', state: 'connected' }]);
  const tokens = [...upstream.received.map(({ token }) => token)].filter((token) => token !== '');
  assert.deepEqual(filesHolding(world.root, tokens), []);

  const receipt = Object(await world.broker.json(['user', 'disable', 'grace']));
  assert.deepEqual([receipt.accounts_revoked, receipt.accounts_left], [1, []]);
  assert.equal(upstream.revoked.length, 2);
});

test('an answer for another person’s browser, or for another one’s session, connects nothing', async (t) => {
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', '--oauth']);
  const [mallory, victim] = [
    await createPersonAtBrowser(t, world, 'mallory'),
    await createPersonAtBrowser(t, world, 'victim'),
  ];
  upstream.person = 'mallory';
  let answer = '';
  await mallory.page.route('**/authorize*', async (route) => {
    const sent = await fetch(route.request().url(), { redirect: 'manual' });
    answer = sent.headers.get('location') ?? '';
    await route.fulfill({ body: 'kept' });
  });
  await mallory.page.goto(`${world.url}/accounts/wiki`);
  await mallory.page.getByRole('button', { name: 'Connect', exact: true }).click();
  await mallory.page.getByText('kept').waitFor();
  assert.match(answer, /code=.*state=/);

  await victim.page.goto(answer);
  await victim.page.getByText('begun in another browser').waitFor();
  // In the browser that began it, but as somebody else by now.
  const session = (await mallory.page.context().cookies()).find(({ name }) => name === 'mcpgate');
  const other = (await victim.page.context().cookies()).find(({ name }) => name === 'mcpgate');
  assert.ok(session !== undefined && other !== undefined);
  await mallory.page.context().addCookies([other]);
  await mallory.page.goto(answer);
  await mallory.page.getByText('begun by somebody else').waitFor();
  await mallory.page.context().addCookies([session]);
  await mallory.page.goto(answer);
  await mallory.page.getByText('finished already').waitFor();
  assert.equal(upstream.asked.length, 0, 'no code was redeemed');
});

test('keys are entered in the browser, without scripts, for where the server was shown, and a wrong form says what is missing', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  const keys = ['--key', 'TOKEN=Your wiki token', '--open-key', 'EMAIL=Your e-mail'];
  const headers = ['--header', 'X-Token=${account:TOKEN}', 'X-Who=${account:EMAIL}'];
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', ...keys, ...headers]);
  const grace = await createPersonAtBrowser(t, world, 'grace');
  const { page } = grace;
  await page.goto(`${world.url}/accounts/wiki`);
  await page.getByLabel('Your wiki token').fill('hush-hush-token-1');
  await page.getByLabel('Your e-mail').fill(' ');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('Your e-mail (EMAIL) is missing').waitFor();
  assert.ok(!(await page.content()).includes('hush-hush'));
  await world.broker.run(['server', 'set', 'wiki', '--url', upstream.url.replace('127.0.0.1', 'localhost')]);
  await page.getByLabel('Your wiki token').fill('hush-hush-token-1');
  await page.getByLabel('Your e-mail').fill('grace@example.com');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('was moved elsewhere meanwhile').waitFor();
  await world.broker.run(['server', 'set', 'wiki', '--url', upstream.url]);
  await page.goto(`${world.url}/accounts/wiki`);
  await page.getByLabel('Your wiki token').fill('hush-hush-token-1');
  await page.getByLabel('Your e-mail').fill('grace@example.com');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('heading', { name: 'wiki is connected' }).waitFor();
  const laptop = world.laptop('grace-laptop');
  await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'grace']));
  const called = await laptop.gate(['call', 'wiki__echo', 'text=hers']);
  assert.match(called.stdout, /hers/, called.stderr);
  assert.deepEqual(filesHolding(world.root, ['hush-hush-token-1']), []);
});

test('a broker that is killed between a refresh and its record asks its person again, and never uses the token twice', async (t) => {
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', '--oauth']);
  const { page } = await createPersonAtBrowser(t, world, 'grace');
  const laptop = world.laptop('grace-laptop');
  await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'grace']));
  const call = () => laptop.gate(['call', 'wiki__whoami']);
  const connect = async () => {
    await page.goto(`${world.url}/accounts/wiki`);
    await page.getByRole('button', { name: /^Connect/ }).click();
    await page.getByRole('heading', { name: 'wiki is connected' }).waitFor();
  };
  Object.assign(upstream, { person: 'grace', lifetimeS: 1 });
  await connect();
  // What came of the refresh never arrives: the broker is gone before the answer is.
  const killed = new Promise<void>((resolve, reject) => {
    upstream.onRefreshed = async () => {
      upstream.onRefreshed = undefined;
      await world.broker.stop('SIGKILL').then(() => resolve(), reject);
    };
  });
  const refreshes = () => upstream.asked.filter(({ kind }) => kind === 'refresh').length;
  // A quick machine makes its first calls while the token is still good.
  const calls = (async () => {
    do await call();
    while (refreshes() === 0);
  })();
  await killed;
  upstream.lifetimeS = 3_600;
  await world.broker.start();
  await calls;
  assert.equal(refreshes(), 1);
  const second = await call();
  assert.match(`${second.stdout}${second.stderr}`, /server wiki takes your account no more: connect it again at/);
  assert.deepEqual([refreshes(), upstream.reuses], [1, 0]);
  await connect();
  assert.match((await call()).stdout, /grace with/);
});

test('an administrator connects one account for everybody: the server sees the company’s token, whoever calls, and its provider the end of it', async (t) => {
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--oauth']);
  const [ada, grace, linus] = await Promise.all(
    ['ada', 'grace', 'linus'].map((name) => world.member(name, name === 'ada' ? { role: 'admin' } : {})),
  );
  assert.ok(ada !== undefined && grace !== undefined && linus !== undefined);
  const refused = await grace.gate(['call', 'wiki__whoami']);
  assert.match(
    `${refused.stdout}${refused.stderr}`,
    /administrator connects it with "mcpgate-broker server connect wiki"/,
  );
  assert.deepEqual(upstream.received, []);

  const { url } = Object(await world.broker.json(['server', 'connect', 'wiki', '--no-wait'])) as { url: string };
  const browsers = new Map<string, ReturnType<typeof createPageBrowser>>();
  for (const name of ['ada', 'grace']) browsers.set(name, await signedIn(world, name));
  const page = new URL(url).pathname;
  assert.equal(
    (await browsers.get('grace')?.open(page))?.status,
    404,
    'it is no page for somebody who administers nothing',
  );
  upstream.person = 'company';
  await connectAt(browsers.get('ada') ?? assert.fail(), page);

  const people = [ada, grace, linus, grace, linus];
  const said = await Promise.all(people.map(async (person) => (await person.gate(['call', 'wiki__whoami'])).stdout));
  for (const text of said) assert.match(text, /company with \*\*\*/);
  const tokens = upstream.received.filter(({ tool }) => tool === 'whoami').map(({ token }) => token);
  assert.deepEqual([tokens.length, new Set(tokens).size], [5, 1], 'one token for all of them');
  assert.equal(upstream.asked.length, 1);

  await world.broker.run(['server', 'disconnect', 'wiki']);
  assert.ok(upstream.revoked.includes(tokens[0] ?? ''));
  const after = await linus.gate(['call', 'wiki__whoami']);
  assert.match(`${after.stdout}${after.stderr}`, /server connect wiki/);
  assert.equal(upstream.received.filter(({ tool }) => tool === 'whoami').length, 5);
});

test('at two brokers over PostgreSQL the server sees each person’s own token and never another’s, also while all of them are refreshed', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { databaseUrl });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', '--oauth']);
  const second = await startSecondBroker(t, world, databaseUrl);
  // Shorter than the test: each token is refreshed while calls are under way.
  upstream.lifetimeS = 4;
  const names = ['ada', 'grace', 'linus', 'margaret', 'barbara', 'ken'];
  const callers: { name: string; call: () => Promise<string> }[] = [];
  for (const name of names) {
    await world.person(name);
    upstream.person = name;
    await connectAt(await signedIn(world, name), '/accounts/wiki');
    const words = ['grant', 'issue', '--label', name, '--server', 'wiki', '--user', name];
    const { token } = Object(await world.broker.json(words)) as { token: string };
    for (const { listenUrl } of [world.broker, second])
      callers.push({ name, call: await callerAt(`${listenUrl}/mcp/wiki`, token) });
  }
  const refreshes = () => upstream.asked.filter(({ kind, outcome }) => kind === 'refresh' && outcome === 'ok');
  const refreshed = () => new Set(refreshes().map(({ person }) => person)).size;
  let calls = 0;
  while (calls < 20 * callers.length || refreshed() < names.length) {
    const round = callers.flatMap((caller) => [caller, caller]);
    calls += round.length;
    await Promise.all(round.map(async ({ name, call }) => assert.match(await call(), new RegExp(`${name} with`))));
  }
  for (const { person, token } of upstream.received)
    assert.ok(token === '' || token.startsWith(`at-${person}-`), `${person} with ${token}`);
  const seen = upstream.received.filter(({ tool }) => tool === 'whoami');
  assert.deepEqual(new Set(seen.map(({ person }) => person)), new Set(names));
  assert.equal(upstream.reuses, 0, 'no refresh token was used twice');
});

/** A person at a browser without scripts, who is signed in at the broker. */
async function signedIn(world: World, name: string) {
  const browser = createPageBrowser(world.url);
  const link = new URL(Object(await world.broker.json(['user', 'link', name])).url as string);
  await browser.submit(await browser.open(link.pathname + link.search), { password: PASSWORD, repeat: PASSWORD });
  return browser;
}

/** Presses the button of the page, says yes at the provider, and comes back. */
async function connectAt(browser: ReturnType<typeof createPageBrowser>, path: string): Promise<void> {
  const { html } = await browser.submit(await browser.open(path), {}, '/connect');
  const [, href = ''] = /<a class="button full" href="([^"]+)">Continue/.exec(html) ?? [];
  const provider = href.replaceAll(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code)));
  const back = new URL((await fetch(provider, { redirect: 'manual' })).headers.get('location') ?? '');
  const { status, html: done } = await browser.open(back.pathname + back.search);
  assert.ok(status === 200 && done.includes('wiki is connected'), done);
}

/** Calls `whoami` as an AI client that holds the grant; what it said. */
async function callerAt(url: string, token: string): Promise<() => Promise<string>> {
  const client = new Client({ name: 'caller', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return async () => JSON.stringify(await client.callTool({ name: 'whoami', arguments: {} }));
}
