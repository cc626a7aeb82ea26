// From an empty broker to its first call, as its first administrator does it: in Chromium, with a laptop that really logs in and calls.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld, type World } from '../world.ts';
import { isClean, MAIN } from './clean.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

const PASSWORD = 'correct horse battery staple 7';
const TOKEN = 'sntrys_7d1e5f3a9b2c4d6e8f0a1b3c5d7e9f2a';

suite('the first steps', () => {
  let world: World;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let upstream: CountingUpstream;
  before(async () => {
    upstream = await startCountingUpstream();
    upstream.release();
    [world, browser] = await Promise.all([openWorld({ direct: true, open: false }), launchChromium()]);
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    // What a person would have done: clicks, and fields filled in.
    await context.addInitScript(`for (const kind of ['click', 'change'])
      addEventListener(kind, ({ isTrusted, target }) => {
        const isChoice = target instanceof HTMLInputElement && ['radio', 'checkbox'].includes(target.type);
        if (kind === 'click' ? isTrusted : !isChoice) localStorage[kind] = Number(localStorage[kind] ?? 0) + 1;
      }, true);`);
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
  });
  after(async () => {
    await browser.close();
    await world.close();
    await upstream.close();
  });

  const goOn = (name: string) => page.getByRole('main').getByRole('button', { name, exact: true }).click();
  const section = (name: string) => page.getByRole('heading', { level: 2, name }).waitFor();

  test('lead an administrator from the set-up link over servers, rules and an invitation to the first call, in few steps', async (t) => {
    const startedAt = performance.now();
    let lookedMs = 0;
    const isCleanNow = async (...at: Parameters<typeof isClean>): Promise<void> => {
      const from = performance.now();
      await isClean(...at);
      lookedMs += performance.now() - from;
    };
    await page.goto(world.broker.setupUrl);
    await page.getByLabel('User name').or(page.locator('input[name=name]')).first().fill('grace');
    for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
    await page.locator('button[type=submit]').first().click();

    await page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor();
    await page.getByText('Only this computer reaches that address').waitFor();
    await isCleanNow(page);
    await goOn('Go on');
    await section('How people sign in');
    await page.getByText('Identity provider', { exact: true }).click();
    await page.getByText(`${world.url}/oauth/idp/callback`).waitFor();
    await isCleanNow(page, MAIN);
    await goOn('Go on');

    await section('Bring the servers that you have');
    const file = { mcpServers: { sentry: { url: upstream.url, headers: { Authorization: `Bearer ${TOKEN}` } } } };
    await page.getByRole('textbox', { name: 'What stands in the file' }).fill(JSON.stringify(file));
    await goOn('Look at it');
    await page.getByText('Into the vault').waitFor();
    await isCleanNow(page, MAIN);
    await goOn('Add 1 server');
    await page.getByRole('list', { name: 'Servers that are here' }).getByText('sentry').first().waitFor();
    assert.equal((await page.content()).includes(TOKEN), false, 'nothing of the token stays on the page');
    const secrets = (await world.broker.json(['secret', 'list'])) as { servers: string[] }[];
    assert.deepEqual(
      secrets.map(({ servers }) => servers),
      [['sentry']],
    );
    await goOn('Go on');

    await section('Who may do what');
    await page.getByRole('radio', { name: 'Everybody may use everything' }).check();
    await page.getByRole('status', { name: 'What it would do' }).getByText('sentry').first().waitFor();
    assert.deepEqual(await world.broker.json(['rule', 'list']), [], 'a preview changes nothing');
    await goOn('Add 1 rule');
    await page.getByText('Rules that hold').waitFor();
    await page.getByText('allow everybody to use anything').waitFor();
    await isCleanNow(page, MAIN);
    await goOn('Go on');

    await section('Invite somebody');
    await page.getByLabel('Login name').fill('ada');
    await goOn('Invite them');
    const link = page.getByRole('status', { name: 'The invitation' }).locator('code', { hasText: '/link' });
    const hers = await browser.newContext();
    const herPage = await hers.newPage();
    await herPage.goto(await link.innerText());
    await isCleanNow(page, MAIN);
    await isCleanNow(herPage);
    assert.ok((await herPage.locator('input[type=password]').count()) > 0, 'the link lets her set a password');
    await hers.close();
    await goOn('Go on');

    const come = page.getByRole('status', { name: 'What has come' });
    await come.getByText('Waiting for the first laptop').waitFor();
    const laptop = world.laptop('adas-laptop');
    await laptop.login(world.url, async (code) => {
      await world.broker.run(['login', 'approve', code, '--as', 'ada']);
    });
    await come.getByText('is connected').waitFor();
    await come.getByText('Waiting for its first call').waitFor();
    const called = await laptop.gate(['call', 'sentry__echo', 'text=hello']);
    assert.equal(called.code, 0, called.stderr);
    await come.getByText('ada called sentry__echo').waitFor();
    await come.getByText('It worked.').waitFor();
    const seconds = (performance.now() - startedAt - lookedMs) / 1_000;
    const count = (kind: string) => page.evaluate<number>(`Number(localStorage['${kind}'])`);
    const [clicks, fields] = [await count('click'), await count('change')];
    t.diagnostic(`${clicks} clicks, ${fields} fields, ${seconds.toFixed(1)} s`);
    assert.ok(clicks > 5 && clicks <= 14, `${clicks} clicks`);
    assert.ok(fields >= 5 && fields <= 6, `${fields} fields`);
    assert.ok(seconds < 300, `${seconds} s`);
    await isCleanNow(page, MAIN);
  });

  test('are found again in the menu, and left for good by whoever wants no more of them', async () => {
    await page.getByRole('button', { name: 'To the overview' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: /your menu/ }).click();
    await page.getByRole('menuitem', { name: 'First steps' }).click();
    await page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor();
    await page.goto(`${world.url}/`);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });
});
