// Debian's Chromium, driven by playwright-core: the pages as a person uses them.
import { after, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from './launch-chromium.ts';

export interface PersonAtBrowser {
  readonly page: Page;
  /** What the pages' scripts and policies complained about. */
  readonly complaints: readonly string[];
}

/** One for all tests of a file. */
let launched: Promise<Browser> | undefined;
after(async () => await (await launched)?.close());

/** A person's own profile, with one page, that ends with the test. */
export async function openBrowser(t: TestContext, options: { dark?: boolean } = {}): Promise<PersonAtBrowser> {
  launched ??= launchChromium();
  const context = await (await launched).newContext({ colorScheme: options.dark === true ? 'dark' : 'light' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  t.after(() => context.close());
  return { page, complaints };
}
