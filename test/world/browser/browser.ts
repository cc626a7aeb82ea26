// Debian's Chromium, driven by playwright-core: the pages as a person uses them.
import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from './launch-chromium.ts';

export interface PersonAtBrowser {
  readonly page: Page;
  /** What the pages' scripts and policies complained about. */
  readonly complaints: readonly string[];
}

/** One for tests that follow each other, of one file or of several in one process. */
let launched: Promise<Browser> | undefined;
let people = 0;
let closing: NodeJS.Timeout | undefined;
/** After so long without a person it is closed. */
const IDLE_MS = 4_000;

function arrive(): Promise<Browser> {
  clearTimeout(closing);
  people += 1;
  launched ??= launchChromium();
  return launched;
}

function leave(): void {
  people -= 1;
  if (people > 0) return;
  closing = setTimeout(() => {
    void launched?.then((browser) => browser.close());
    launched = undefined;
  }, IDLE_MS);
}

/** A person's own profile, with one page, that ends with the test. */
export async function openBrowser(t: TestContext, options: { dark?: boolean } = {}): Promise<PersonAtBrowser> {
  const browser = await arrive();
  t.after(leave);
  const context = await browser.newContext({ colorScheme: options.dark === true ? 'dark' : 'light' });
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
