// The dashboard in Chromium on a real broker with real servers: what holds on every page, and the shell around them.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { DIALOG, isClean, MAIN, MENU } from './clean.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { PAGES_OF_DASHBOARD } from './pages.ts';
import { holds, signIn } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

const ADMIN = 'grace.hopper';

suite('the dashboard', () => {
  let lively: LivelyWorld;
  let browser: Browser;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  const isWithin = async (page: Page, name: string, width: number): Promise<void> => {
    await page.setViewportSize({ width, height: 900 });
    const wide = 'document.documentElement.scrollWidth';
    await holds(page, `${wide} <= ${width}`).catch(async () => {
      assert.fail(`${name} is ${await page.evaluate<number>(wide)} px wide on ${width}`);
    });
  };
  // Each page is opened once, by the ways of the app.
  test('axe finds nothing on any page in either theme, none is wider than a telephone or lost on a wall, and no script, style or request breaks the policy', async () => {
    for (const person of new Set(PAGES_OF_DASHBOARD.map(({ as }) => as))) {
      const at = await signIn(browser, lively, person);
      const { page } = at;
      for (const { path, heading, name } of PAGES_OF_DASHBOARD.filter(({ as }) => as === person)) {
        await at.go(path);
        await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
        await isClean(page).catch((error: unknown) => assert.fail(`${name}: ${String(error)}`));
        const said = await page.locator('main').innerText();
        const universal = said.match(/.{0,40}\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*Z/g);
        assert.deepEqual(universal ?? [], [], `${name} says times that are nobody’s`);
        for (const width of [390, 3840, 1440]) await isWithin(page, name, width);
      }
      assert.deepEqual(at.complaints, [], 'the policy holds, nothing is asked of other hosts, no script fails');
      await at.close();
    }
  });

  test('the keyboard alone leads everywhere: skip link, shortcuts, palette, rows of a table; the focus follows', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/overview');
    const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to content');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor();
    await holds(page, "document.activeElement?.tagName === 'H1'");
    assert.equal(await page.title(), 'Servers · mcpgate');

    await page.getByRole('link', { name: 'github' }).focus();
    await page.keyboard.press('ArrowDown');
    await holds(page, "document.activeElement?.textContent === 'grafana'");
    await page.keyboard.press('End');
    await holds(page, "document.activeElement?.textContent === 'sentry'");
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'sentry' }).waitFor();

    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Find or do').last().fill('grafa');
    await page.getByRole('button', { name: 'grafana' }).waitFor();
    await isClean(page, DIALOG);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'grafana' }).waitFor();

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await isClean(page, DIALOG);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.deepEqual(complaints, []);
    await close();
  });

  test('filters are part of the address: it shows the same to whoever opens it, and Back undoes nothing else', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    await open('/servers');
    await page.getByLabel('Search').fill('sen');
    await page.waitForURL(/\?q=sen$/);
    assert.deepEqual(await page.getByRole('table').getByRole('link').allInnerTexts(), ['sentry']);
    await open('/servers?q=git');
    assert.deepEqual(await page.getByRole('table').getByRole('link').allInnerTexts(), ['github']);
    await close();
  });

  test('a member sees their own pages alone, and the broker refuses the others, whatever the address says', async () => {
    const { page, open, close } = await signIn(browser, lively, 'ada.lovelace');
    await open('/');
    await page.waitForURL(/\/me$/);
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    assert.deepEqual(await links.allInnerTexts(), ['My account']);
    await page.goto(`${lively.world.url}/servers`);
    await page.getByText('This is not for your role').waitFor();
    assert.equal(await page.getByText('github').count(), 0);
    await isClean(page, MAIN);
    await close();
  });

  test('a choice of colours is kept, and is there before anything is drawn', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    await open('/overview');
    await page.getByRole('button', { name: /your menu/ }).click();
    await isClean(page, MENU);
    await page.getByText('Dark', { exact: true }).click();
    await holds(page, "document.documentElement.dataset.mantineColorScheme === 'dark'");
    // Without the app itself: what the first script alone has done.
    await page.route(/assets\/index-.*\.js$/, (route) => route.abort());
    await page.goto(`${lively.world.url}/overview`);
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark');
    await close();
  });

  test('a device is disconnected with one question that says what happens, and it is over at once', async () => {
    const name = 'barbara.liskov';
    const laptop = lively.world.laptop('barbaras-laptop');
    await laptop.login(
      lively.world.url,
      async (code) => void (await lively.world.broker.run(['login', 'approve', code, '--as', name])),
    );
    const { page, open, complaints, close } = await signIn(browser, lively, name);
    await open('/me?tab=devices');
    await page.getByRole('button', { name: /^Disconnect / }).click();
    const question = page.getByRole('dialog');
    await question.getByText('lose every tool at once').waitFor();
    await isClean(page, DIALOG);
    await holds(page, "document.activeElement?.textContent === 'Keep it as it is'");
    await question.getByRole('button', { name: 'Disconnect it' }).click();
    await page.getByText(/has no access any more/).waitFor();
    await page.getByText('No device is connected yet').waitFor();
    const devices = (await lively.world.broker.json(['device', 'list'])) as {
      user: string;
      revoked_at: string | null;
    }[];
    assert.ok(devices.find(({ user }) => user === name)?.revoked_at);
    assert.deepEqual(complaints, []);
    await close();
  });

  test('a session that ends is told where one is; after a new sign-in beside it the page goes on with what was typed', async () => {
    const name = 'margaret.hamilton';
    const { page, open, close } = await signIn(browser, lively, name);
    await open('/servers?q=me');
    const sessions = (await lively.world.broker.json(['session', 'list'])) as {
      id: string;
      user: string;
      kind: string;
    }[];
    for (const { id } of sessions.filter(({ user, kind }) => user === name && kind === 'web'))
      await lively.world.broker.run(['session', 'end', id]);
    const dialog = page.getByRole('dialog', { name: 'You are signed out' });
    await dialog.waitFor();
    await isClean(page, DIALOG);
    const [beside] = await Promise.all([
      page.waitForEvent('popup'),
      dialog.getByRole('button', { name: 'Sign in' }).click(),
    ]);
    await beside.getByLabel('User name').fill(name);
    await beside.getByLabel('Password').fill(lively.password);
    await Promise.all([beside.waitForEvent('close'), beside.getByRole('button', { name: 'Sign in' }).click()]);
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await dialog.waitFor({ state: 'hidden' });
    assert.match(page.url(), /\/servers\?q=me$/);
    await page.getByRole('link', { name: 'memory' }).click();
    await page.getByText('What it is').waitFor();
    await close();
  });

  test('a network that is away for a moment is told above what was there, which stays; the page goes on by itself with what came meanwhile', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    await open('/servers');
    const away = page.getByText('The broker cannot be reached').first();
    await page.context().setOffline(true);
    await page.getByRole('link', { name: 'sentry' }).click();
    await away.waitFor();
    await isClean(page, MAIN);
    await page.goBack();
    await page.getByRole('row').filter({ hasText: 'memory' }).waitFor();
    await lively.world.broker.run(['server', 'disable', 'memory']);
    await page.context().setOffline(false);
    await away.waitFor({ state: 'hidden' });
    await page.getByRole('row').filter({ hasText: 'memory' }).getByText('Off').waitFor();
    await lively.world.broker.run(['server', 'enable', 'memory']);
    await page.getByRole('link', { name: 'sentry' }).click();
    await page.getByText('What it is').waitFor();
    await close();
  });

  test('what happens elsewhere is there at once: a server that somebody turns off, a call that is denied', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/servers');
    const row = page.getByRole('row').filter({ hasText: 'memory' });
    await row.getByText('Off').waitFor({ state: 'hidden' });
    await lively.world.broker.run(['server', 'disable', 'memory']);
    await row.getByText('Off').waitFor();
    await lively.world.broker.run(['server', 'enable', 'memory']);
    await row.getByText('Off').waitFor({ state: 'hidden' });
    await open('/overview');
    await page.getByText('grafana fails').waitFor();
    await page.getByText('One request waits for a yes').waitFor();
    await page.getByRole('row').filter({ hasText: 'sentry' }).getByText('1 (13 %)').waitFor();
    for (const said of [
      /^\d+ calls since .* 1 failed/,
      /^The slowest: .*sentry usually \d+ ms/,
      /^The oldest: github\S*, 41 days; /,
    ])
      await page.getByRole('figure', { name: said }).locator('svg.recharts-surface').first().waitFor();
    await page.getByText('6 hours', { exact: true }).click();
    await page.waitForURL(/\?hours=6$/);
    await page.getByRole('heading', { name: 'Calls in five minutes' }).waitFor();
    await page.getByRole('link', { name: 'Rotate it at sentry' }).click();
    await page.getByRole('button', { name: 'Rotate sentry-authorization' }).waitFor();
    await page.getByRole('tab', { name: 'Health' }).click();
    for (const said of [/^8 calls: 0 failed, 0 tool errors, 1 denied$/, /^Of the slowest 5 % of calls: /])
      await page.getByRole('figure', { name: said }).locator('svg.recharts-surface').first().waitFor();
    await open('/access?tab=matrix');
    await page.getByRole('gridcell', { name: 'user:ada.lovelace, sentry__fail: denied' }).click();
    await page.getByRole('dialog', { name: 'Why' }).getByText('deny everybody to call sentry__fail').waitFor();
    await isClean(page, DIALOG);
    await page.keyboard.press('Escape');
    assert.deepEqual(complaints, []);
    await close();
  });

  test('an address of nothing says so, within the shell, and so does a broker that fails, with a way to try again', async () => {
    const { page, close } = await signIn(browser, lively, ADMIN);
    await page.goto(`${lively.world.url}/overview/nothing`);
    await page.getByText('There is nothing here').waitFor();
    await isClean(page, MAIN);
    const failed = { code: 'internal', title: 'internal', status: 500, detail: 'the broker failed' };
    await page.route('**/api/v1/users*', (route) =>
      route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(failed) }),
    );
    await page.goto(`${lively.world.url}/people`);
    const again = page.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    await isClean(page, MAIN);
    await page.unroute('**/api/v1/users*');
    await again.click();
    await page.getByRole('link', { name: 'ada.lovelace' }).waitFor();
    await close();
  });
});
