// Point 7 of what must always hold: without a broker or a login `serve` answers from what it last knew, a login that is needed is opened
// by the daemon in the person's browser, and an AI client never needs a restart.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  type ClientCapabilities,
} from '@modelcontextprotocol/sdk/types.js';
import type { Page } from 'playwright-core';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type World } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { createCountingWorld, createOfflineLaptop } from '../world/counting-world.ts';
import { createOpenedPages } from '../world/browser/opened-pages.ts';
import type { Person } from '../world/people/person.ts';
import { until } from '../world/until.ts';

const PASSWORD = 'correct horse battery staple 7';

interface Device {
  id: string;
  revoked_at: string | null;
}

/** A person whose laptop has a browser, signed in at the broker in a browser of hers; the AI client is started without any desktop variable. */
async function adaAtHerDesk(t: TestContext, capabilities: ClientCapabilities = {}, config = '') {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const file = configFile(t, config);
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url } },
    brokerArgs: ['--config', file],
  });
  const ada = await world.person('ada');
  const opened = createOpenedPages(ada.home);
  await ada.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']), opened.env);
  const client = await ada.aiClient({ capabilities });
  await client.call('counting__echo', { text: 'before' });
  const { page } = await openBrowser(t);
  await signIn(world, page);
  return { upstream, world, ada, opened, client, page };
}

function configFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mg-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'broker.yaml');
  writeFileSync(file, text);
  return file;
}

async function signIn(world: World, page: Page) {
  const { url } = (await world.broker.json(['user', 'link', 'ada'])) as { url: string };
  await page.goto(url);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByText('Hello, ada').waitFor();
}

/** As after a month away: the daemon does not run, and its refresh token is not good any more. */
async function expireLogin(world: World, ada: Person) {
  await ada.gate(['daemon', 'stop']);
  const sessions = (await world.broker.json(['session', 'list'])) as { id: string; kind: string }[];
  for (const { id } of sessions.filter(({ kind }) => kind === 'device')) await world.broker.run(['session', 'end', id]);
}

const confirmAgain = (page: Page) => page.getByRole('button', { name: 'Log in again' }).click();
const begun = (world: World) =>
  world.network.requests.filter(({ path }) => path === '/oauth/device_authorization').length;

test('an expired login: a call opens the browser, waits with progress, and returns once the known device is confirmed', async (t) => {
  const { world, ada, opened, client, page, upstream } = await adaAtHerDesk(t);
  const before = (await world.broker.json(['device', 'list'])) as Device[];
  const known = await client.toolNames();
  await expireLogin(world, ada);

  assert.deepEqual(await client.toolNames(), known, 'lists need nobody');
  assert.deepEqual(opened.urls(), [], 'and open nothing');
  const said: number[] = [];
  const held = client.call('counting__echo', { text: 'held' }, { onProgress: (step) => said.push(step) });
  const [url = ''] = await until('an opened page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  await until('progress', () => said.length > 0);
  const during = await ada.gate(['status']);
  assert.ok(during.stdout.includes(url), during.stdout);
  const status = JSON.parse((await ada.gate(['status', '--json'])).stdout) as { tunnel: { login: { url: string } } };
  assert.equal(status.tunnel.login.url, url);

  await page.goto(url);
  await page.getByText('Log in again?').waitFor();
  assert.equal(await page.getByLabel(/code/i).count(), 0, 'nothing to type: the device is known');
  const changed = client.toolsChanged();
  await confirmAgain(page);
  assert.equal((await held).text, 'held');
  await changed;
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'echo').length, 2, 'once before, once now');
  assert.deepEqual(
    ((await world.broker.json(['device', 'list'])) as Device[]).map(({ id }) => id),
    before.map(({ id }) => id),
    'it is the device that it was',
  );
  assert.equal(opened.urls().length, 1);
  assert.equal((await ada.gate(['daemon', 'restart'])).code, 0);
  assert.equal((await client.call('counting__echo', { text: 'kept' })).text, 'kept', 'the new login was stored');
});

test('a client that cannot wait is told at once what to do, and its next call works; ten calls open one page', async (t) => {
  const { world, ada, opened, client, page } = await adaAtHerDesk(t);
  await expireLogin(world, ada);
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.call('counting__echo', { text: 'x' })));
  const urls = await until('an opened page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  for (const { isError, text } of answers) {
    assert.equal(isError, true);
    assert.match(text, /^\[mcpgate\] .*browser/s);
    assert.ok(text.includes(urls[0] ?? '-'), text);
  }
  const changed = client.toolsChanged();
  await page.goto(urls[0] ?? '');
  await confirmAgain(page);
  await changed;
  assert.equal((await client.call('counting__echo', { text: 'next' })).text, 'next');
  assert.deepEqual([opened.urls().length, begun(world)], [1, 2], 'the first login, and this one');
});

test('a client that elicits by URL shows the page itself, and is told when the login is complete', async (t) => {
  const { world, ada, opened, client, page } = await adaAtHerDesk(t, { elicitation: { url: {} } });
  const asked: { url: string; elicitationId: string }[] = [];
  const completed: string[] = [];
  client.sdk.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    if (params.mode === 'url') asked.push(params);
    return { action: 'accept' };
  });
  client.sdk.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
    completed.push(params.elicitationId);
  });
  await expireLogin(world, ada);
  const held = Promise.all([
    client.call('counting__echo', { text: 'one' }),
    client.call('counting__echo', { text: 'two' }),
  ]);
  const [question] = await until('the question', () => (asked.length > 0 ? asked : undefined));
  await page.goto(question?.url ?? '');
  await confirmAgain(page);
  assert.deepEqual(
    (await held).map(({ text }) => text),
    ['one', 'two'],
  );
  assert.deepEqual([asked.length, opened.urls()], [1, []]);
  await until('the completion', () => completed.length > 0);
  assert.deepEqual(completed, [question?.elicitationId]);
});

test('a login that the person denies is not asked for again by itself', async (t) => {
  const { world, ada, opened, client, page } = await adaAtHerDesk(t);
  await expireLogin(world, ada);
  const held = client.call('counting__echo', { text: 'x' }, { onProgress: () => undefined });
  const [url = ''] = await until('an opened page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  await page.goto(url);
  await page.getByRole('button', { name: 'Deny' }).click();
  assert.match((await held).text, /^\[mcpgate\] .*denied.*mcpgate login/s);
  const next = await client.call('counting__echo', { text: 'x' });
  assert.match(next.text, /^\[mcpgate\] .*mcpgate login/s);
  assert.deepEqual([opened.urls().length, begun(world)], [1, 2]);
  await world.login(ada);
  assert.equal((await client.call('counting__echo', { text: 'by hand' })).text, 'by hand');
});

test('`mcpgate login` while a login waits to be confirmed is the one that counts', async (t) => {
  const { world, ada, opened, client, page } = await adaAtHerDesk(t);
  await expireLogin(world, ada);
  const held = client.call('counting__echo', { text: 'held' }, { onProgress: () => undefined });
  const [url = ''] = await until('an opened page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  await world.login(ada);
  assert.equal((await held).text, 'held');
  await page.goto(url);
  await confirmAgain(page);
  await page.getByRole('heading', { name: 'Connect a device' }).waitFor();
  await ada.gate(['daemon', 'restart']);
  assert.equal(
    (await client.call('counting__echo', { text: 'still' })).text,
    'still',
    'the page left open ended nothing',
  );
});

test('without a display nothing is opened or begun: the call says `mcpgate login`', async (t) => {
  const world = await createWorld(t);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  await world.network.when(() => world.network.upgrades.open === 1);
  await expireLogin(world, ada);
  const answer = await client.call('counting__echo', {});
  assert.equal(answer.isError, true);
  assert.match(answer.text, /^\[mcpgate\] .*mcpgate login/s);
  assert.equal(begun(world), 1, 'the one at the terminal');
});

test('a call under way when the laptop has been away for too long returns its one result after the login', async (t) => {
  const config = 'tokens:\n  access_ttl: 2s\n  refresh_ttl: 6s\n';
  const { world, opened, client, page, upstream } = await adaAtHerDesk(t, {}, config);
  const held = client.call('counting__hold', {}, { onProgress: () => undefined });
  await upstream.arrived('hold');
  world.network.cut();
  upstream.release();
  const endsAt = performance.now() + 7_000;
  await until('the end of the refresh token', () => performance.now() > endsAt);
  world.network.restore();
  const [url = ''] = await until(
    'an opened page',
    () => (opened.urls().length > 0 ? opened.urls() : undefined),
    40_000,
  );
  await page.goto(url);
  await confirmAgain(page);
  assert.equal((await held).text, 'released');
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'hold').length, 1);
});

test('a revoked device is not known any more: its login is a new one, with a code that is typed', async (t) => {
  const { world, ada, opened, client, page } = await adaAtHerDesk(t);
  await ada.gate(['daemon', 'stop']);
  const [device] = (await world.broker.json(['device', 'list'])) as Device[];
  await world.broker.run(['device', 'revoke', device?.id ?? '']);
  const answer = await client.call('counting__echo', {});
  const [url = ''] = await until('an opened page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  await page.goto(url);
  const [, code = ''] = /code: ([A-Z]{4}-[A-Z]{4})/.exec(answer.text) ?? [];
  await page.getByLabel(/code/i).fill(code);
  const changed = client.toolsChanged();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await changed;
  const devices = (await world.broker.json(['device', 'list'])) as Device[];
  assert.equal(devices.filter(({ revoked_at }) => revoked_at === null).length, 1);
  assert.equal(devices.find(({ id }) => id === device?.id)?.revoked_at === null, false);
});

test('an AI client that was started before the network was up needs no restart', async (t) => {
  const { world, ada, known } = await createOfflineLaptop(await createCountingWorld(t));
  const client = await ada.aiClient();
  assert.deepEqual(await client.toolNames(), known);
  const changed = client.toolsChanged();
  world.network.restore();
  await changed;
  assert.equal((await client.call('counting__echo', { text: 'at last' })).text, 'at last');
});

test('what one login has seen is not shown to the next one, nor after `logout`', async (t) => {
  const { world } = await createCountingWorld(t);
  const ada = await world.member('ada');
  await world.person('grace');
  const listed = async () => {
    const client = await ada.aiClient();
    const names = await client.toolNames();
    await client.close();
    return names;
  };
  assert.notDeepEqual(await listed(), []);
  await ada.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'grace']));
  await ada.gate(['daemon', 'stop']);
  world.network.cut();
  assert.deepEqual(await listed(), [], 'grace has listed nothing yet');
  world.network.restore();
  await ada.gate(['daemon', 'restart']);
  await until('the list of grace', async () => (await listed()).length > 0);
  await ada.gate(['logout']);
  assert.deepEqual(await listed(), []);
});
