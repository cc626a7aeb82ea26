// Debian's Chromium, driven by playwright-core: the pages as a person uses them.
import { after, type TestContext } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

export interface PersonAtBrowser {
  readonly page: Page;
  /** What the pages' scripts and policies complained about. */
  readonly complaints: readonly string[];
}

/** One for all tests of a file. */
let launched: Promise<Browser> | undefined;
after(async () => await (await launched)?.close());

const launch = async (): Promise<Browser> =>
  await chromium.launch({
    executablePath: findChromium() ?? 'chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });

/** A person's own profile, with one page, that ends with the test. */
export async function openBrowser(t: TestContext, options: { dark?: boolean } = {}): Promise<PersonAtBrowser> {
  launched ??= launch();
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
