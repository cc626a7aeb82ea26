// `npm run dashboard:jobs`: the jobs that an administrator has in a hurry, done in Chromium on a real broker, with what each took: clicks, fields filled in, and
// seconds from the Overview to the answer. The seconds are those of the browser and the broker; a person reads besides.
import type { Locator, Page } from 'playwright-core';
import { launchChromium } from '../world/browser/launch-chromium.ts';
import { openLivelyWorld } from './lively-world.ts';
import { signIn } from './person-at-dashboard.ts';

/** What a job does with the page; everything else that it awaits is the answer. */
interface Hands {
  readonly page: Page;
  click(target: Locator): Promise<void>;
  fill(target: Locator, text: string): Promise<void>;
}

interface Job {
  readonly name: string;
  readonly as: string;
  run(hands: Hands): Promise<void>;
}

const NEW_TOKEN = 'sntrys_9b2f4c6e8a0d1f3b5c7e9a1c3e5f7a9b';
const inPages = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

const JOBS: readonly Job[] = [
  {
    name: 'Rotate a token that ends soon, and see the old one dead',
    as: 'grace.hopper',
    async run({ page, click, fill }) {
      await click(page.getByRole('link', { name: 'Rotate it at its server' }));
      await click(page.getByRole('table').getByRole('link', { name: 'sentry' }));
      await click(page.getByRole('tab', { name: 'Secrets' }));
      await click(button(page, /^Rotate sentry-/));
      await fill(page.getByLabel('The new value', { exact: false }), NEW_TOKEN);
      await click(button(page, 'Rotate it'));
      await page.getByText('The old value is refused everywhere: it is dead.').waitFor();
    },
  },
  {
    name: 'Answer an auditor: is the log whole, who may do what, and a report to hand over',
    as: 'katherine.johnson',
    async run({ page, click }) {
      await click(inPages(page, 'Log'));
      await click(page.getByRole('link', { name: 'Verify and report' }));
      await click(button(page, 'Verify the log'));
      await page.getByText('The log is whole').waitFor();
      const download = page.waitForEvent('download');
      await click(button(page, 'Make the report'));
      await (await download).path();
    },
  },
  {
    name: 'Find why a call of somebody was denied',
    as: 'grace.hopper',
    async run({ page, click, fill }) {
      await click(inPages(page, 'Log'));
      await fill(page.getByLabel('Search', { exact: true }), 'fail');
      await click(page.getByRole('table', { name: 'Records of the log' }).getByRole('link').first());
      await page.getByText('deny everybody to call sentry__fail').waitFor();
    },
  },
  // The last: what it ends the others need.
  {
    name: 'Off-board somebody, with the receipt',
    as: 'grace.hopper',
    async run({ page, click, fill }) {
      await click(inPages(page, 'People'));
      await click(page.getByRole('link', { name: 'ada.lovelace' }));
      await click(button(page, 'Off-board'));
      await fill(page.getByLabel(/Type ada.lovelace/), 'ada.lovelace');
      await click(button(page, 'Lock out now'));
      await page.getByText(/had ended within \d+ ms/).waitFor();
    },
  },
];

const lively = await openLivelyWorld();
const browser = await launchChromium();
try {
  const { broker } = lively.world;
  await broker.run(['server', 'set', 'sentry', '--probe', 'echo']);
  lively.sentry.accepts = [`Bearer ${NEW_TOKEN}`];
  process.stdout.write('| job | clicks | fields | seconds |\n| --- | --- | --- | --- |\n');
  for (const job of JOBS) {
    const { page, open, close } = await signIn(browser, lively, job.as);
    await open('/overview');
    let [clicks, fields] = [0, 0];
    const startedAt = performance.now();
    await job.run({
      page,
      async click(target) {
        clicks += 1;
        await target.click();
      },
      async fill(target, text) {
        fields += 1;
        await target.fill(text);
      },
    });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(`| ${job.name} | ${clicks} | ${fields} | ${seconds} |\n`);
    await close();
  }
} finally {
  await browser.close();
  await lively.close();
}
