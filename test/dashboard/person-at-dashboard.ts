// A person of the lively world at the dashboard, in Chromium: one browser for a whole file, a profile of its own for each person.
import type { Browser, Page } from 'playwright-core';
import { until } from '../world/until.ts';
import type { LivelyWorld } from './lively-world.ts';

export interface Look {
  dark?: boolean;
  width?: number;
  height?: number;
}

export interface AtDashboard {
  readonly page: Page;
  /** What the pages' scripts and policies complained about, and what they asked of other hosts. */
  readonly complaints: string[];
  /** Opens a page and waits until nothing of it is on its way. */
  open(path: string): Promise<void>;
  /** Leads the app to a page as a link in it does, without loading it anew; the first page has to be there. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Waits until the expression is true in the page. Playwright's own way of waiting needs code made of text, which the page's policy forbids. */
export async function holds(page: Page, expression: string): Promise<void> {
  await until(expression, () => page.evaluate<boolean>(expression), 15_000);
}

/** Signs the person in by a one-time link. */
export async function signIn(
  browser: Browser,
  lively: LivelyWorld,
  name: string,
  look: Look = {},
): Promise<AtDashboard> {
  const { dark = false, width = 1440, height = 900 } = look;
  const context = await browser.newContext({
    colorScheme: dark ? 'dark' : 'light',
    viewport: { width, height },
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(lively.world.url)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(await lively.linkOf(name));
  for (const field of await page.locator('input[type=password]').all()) await field.fill(lively.password);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.locator('main h1').waitFor();
  return {
    page,
    complaints,
    async open(path) {
      await page.goto(lively.world.url + path);
      await page.locator('main h1').waitFor();
      await holds(page, "document.querySelector('[aria-busy=true]') === null");
    },
    async go(path) {
      await page.evaluate(`history.pushState({}, '', ${JSON.stringify(path)})`);
      await holds(
        page,
        "document.querySelector('main h1') !== null && document.querySelector('[aria-busy=true]') === null",
      );
    },
    close: () => context.close(),
  };
}
