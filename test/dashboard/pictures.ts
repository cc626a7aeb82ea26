// `npm run dashboard:pictures`: every page of the dashboard in both themes, from a lively world, and what stands behind a click (moments.ts), into docs/images.
// Arguments: a page's name (with its tabs) or `all`, another folder, another width.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { REPOSITORY } from '../step.ts';
import { openLivelyWorld } from './lively-world.ts';
import { MOMENTS } from './moments.ts';
import { PAGES_OF_DASHBOARD } from './pages.ts';
import { signIn } from './person-at-dashboard.ts';
import { until } from '../world/until.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

/** All of it, as on a screen that is high enough: what stays beside the page while that is scrolled goes down to its end. */
async function takePage(page: Page, path: string): Promise<void> {
  const { width: across, height: before } = page.viewportSize() ?? { width: 1_440, height: 900 };
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ width: across, height: Math.max(before, height) });
  await page.screenshot({ path, fullPage: true });
  await page.setViewportSize({ width: across, height: before });
}

const [only = 'all', folder = join(REPOSITORY, 'docs/images'), width = '1440'] = process.argv.slice(2);
const lively = await openLivelyWorld();
const browser = await launchChromium();
try {
  for (const dark of [false, true]) {
    for (const name of new Set(PAGES_OF_DASHBOARD.map(({ as }) => as))) {
      const person = await signIn(browser, lively, name, { dark, width: Number(width) });
      for (const picture of PAGES_OF_DASHBOARD.filter(
        ({ as, name: each }) => as === name && (only === 'all' || each === only || each.startsWith(`${only}-`)),
      )) {
        await person.open(picture.path);
        // A part that is still loaded stands in for itself in grey.
        await until('the whole page', async () => (await person.page.locator('.mantine-Skeleton-root').count()) === 0);
        const file = join(folder, `dashboard-${picture.name}-${dark ? 'dark' : 'light'}.png`);
        await takePage(person.page, file);
        process.stdout.write(`${file}\n`);
      }
      for (const complaint of new Set(person.complaints)) process.stderr.write(`${complaint}\n`);
      await person.close();
    }
  }
  const admin = await signIn(browser, lively, 'grace.hopper', { width: Number(width) });
  for (const { name, come, isDialog } of MOMENTS.filter(
    ({ name: each }) => only === 'all' || each === only || each.startsWith(`${only}-`),
  )) {
    await come(admin, lively);
    const file = join(folder, `dashboard-${name}-light.png`);
    if (isDialog) await admin.page.getByRole('dialog').screenshot({ path: file });
    else await takePage(admin.page, file);
    process.stdout.write(`${file}\n`);
  }
} finally {
  await browser.close();
  await lively.close();
}
