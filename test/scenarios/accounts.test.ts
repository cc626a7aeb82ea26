// A person's own accounts: connected in a real browser, used by an AI client, ended with the person; and whoever tries to slip in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOAuthUpstream } from '../upstreams/oauth-server.ts';
import { createWorld } from '../world.ts';
import { filesHolding } from '../world/search.ts';
import { createPersonAtBrowser } from '../world/people/signed-in.ts';
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
