// Starts Debian's Chromium, which asks nothing of its makers' hosts.
import { chromium, type Browser } from 'playwright-core';
import { findChromium } from './chromium.ts';

export const launchChromium = async (): Promise<Browser> =>
  await chromium.launch({
    executablePath: findChromium() ?? 'chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      // It keeps one process more than it needs in readiness for the next page, unless it has its fill of them.
      '--renderer-process-limit=1',
    ],
  });
