// A call of a real AI client that a person decides about: the client waits, an approver says yes on the page in Chromium, and the result reaches the
// model.
import { launchChromium } from '../../world/browser/launch-chromium.ts';
import type { World } from '../../world.ts';
import { until } from '../../world/until.ts';

const PASSWORD = 'correct horse battery staple 7';
/** A client starts up before it calls. */
const PATIENCE_MS = 120_000;

interface Waiting {
  id: string;
  who: string;
}

/** Somebody who decides about calls of that tool by that person, at a browser of their own. Call `close` in the end. */
export async function createApprover(world: World, { person, tool }: { person: string; tool: string }) {
  const name = `lead-of-${person}`;
  await world.person(name);
  const { url } = (await world.broker.json(['user', 'link', name])) as { url: string };
  const what = ['--what', tool, '--approver', `user:${name}`];
  await world.broker.run(['rule', 'add', '--ask', '--who', `user:${person}`, ...what]);
  const browser = await launchChromium();
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByText(`Hello, ${name}`).waitFor();
  return {
    /** Waits until the call is asked about, and approves it. Returns the id of the request. */
    async approve(): Promise<string> {
      const { id } = await until(
        `a call of ${person} waits`,
        async () => {
          const waiting = (await world.broker.json(['request', 'list'])) as Waiting[];
          return waiting.find(({ who }) => who === `user:${person}`);
        },
        PATIENCE_MS,
      );
      await page.goto(new URL(`/requests/${id}`, url).href);
      await page.getByRole('button', { name: 'Approve this call' }).click();
      await page.getByText('It is approved').waitFor();
      return id;
    },
    close: () => browser.close(),
  };
}
