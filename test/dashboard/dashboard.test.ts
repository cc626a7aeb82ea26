// The dashboard in Chromium on a real broker with real servers: what holds on every page, and the shell around them.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { PAGES_OF_DASHBOARD } from './pages.ts';
import { holds, signIn, type AtDashboard, type Look } from './person-at-dashboard.ts';
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

  /** What `visit` finds on each page, signed in as who may see it. */
  const onEveryPage = async (look: Look, visit: (at: AtDashboard, name: string) => Promise<void>): Promise<void> => {
    for (const name of new Set(PAGES_OF_DASHBOARD.map(({ as }) => as))) {
      const at = await signIn(browser, lively, name, look);
      for (const { path, heading, name: page } of PAGES_OF_DASHBOARD.filter(({ as }) => as === name)) {
        await at.open(path);
        await at.page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
        await visit(at, page);
      }
      assert.deepEqual(at.complaints, [], 'the policy holds, nothing is asked of other hosts, no script fails');
      await at.close();
    }
  };

  const complaintsOf = async (builder: AxeBuilder, name: string): Promise<string[]> => {
    const { violations } = await builder.analyze();
    return violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  };

  test('axe finds nothing on any page, none is wider than a telephone, and no script, style or request breaks the policy', async () => {
    await onEveryPage({}, async ({ page }, name) => {
      assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'light');
      assert.deepEqual(await complaintsOf(new AxeBuilder({ page }), name), []);
      await page.setViewportSize({ width: 390, height: 800 });
      const isNarrow = 'document.documentElement.scrollWidth <= 390';
      await holds(page, isNarrow).catch(async () => {
        assert.fail(`${name} is ${await page.evaluate<number>('document.documentElement.scrollWidth')} px wide`);
      });
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  // What a page is made of is the same in both themes; only the colours are not.
  test('every page can be read in the dark, too', async () => {
    await onEveryPage({ dark: true }, async ({ page }, name) => {
      assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark');
      assert.deepEqual(await complaintsOf(new AxeBuilder({ page }).withRules(['color-contrast']), name), []);
    });
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
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'grafana' }).waitFor();

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
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
    await close();
  });

  test('a choice of colours is kept, and is there before anything is drawn', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    await open('/overview');
    await page.getByRole('button', { name: /your menu/ }).click();
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

  test('a broker that is away for a moment is told above what was there, and the page goes on by itself', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    await open('/servers');
    await page.route('**/api/**', (route) => route.abort());
    await page.getByRole('link', { name: 'sentry' }).click();
    await page.getByText('The broker cannot be reached').first().waitFor();
    await page.unroute('**/api/**');
    await page.getByText('What it is').waitFor();
    await page.getByText('The broker cannot be reached').waitFor({ state: 'hidden' });
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
    assert.deepEqual(complaints, []);
    await close();
  });

  test('an address of nothing says so, within the shell', async () => {
    const { page, close } = await signIn(browser, lively, ADMIN);
    await page.goto(`${lively.world.url}/overview/nothing`);
    await page.getByText('There is nothing here').waitFor();
    await close();
  });
});
