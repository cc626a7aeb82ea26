// Debian's Chromium, driven by playwright-core: the pages as a person uses them.
import type { TestContext } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';

export interface PersonAtBrowser {
  readonly page: Page;
  /** What the pages' scripts and policies complained about. */
  readonly complaints: readonly string[];
}

/** A browser of its own that ends with the test. */
export async function openBrowser(t: TestContext, options: { dark?: boolean } = {}): Promise<PersonAtBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  const context = await browser.newContext({ colorScheme: options.dark === true ? 'dark' : 'light' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  t.after(() => browser.close());
  return { page, complaints };
}
