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
    ],
  });
