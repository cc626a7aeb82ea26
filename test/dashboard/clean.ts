// What axe, which knows the rules of WCAG, finds wrong with a page as it stands, or with a part of it.
import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { holds } from './person-at-dashboard.ts';

/** Of what is to be looked at, where the rest of the page has been elsewhere. */
export const DIALOG = '[role=dialog]';
export const MAIN = 'main';
export const MENU = '[role=menu]';

/** Put into a page that has axe already, in place of half a megabyte. */
const NOTHING = 'void 0';

/** One line a rule, with what breaks it. `rules`: these alone. `within`: a selector; what it finds must be there. */
export async function complaintsAbout(
  page: Page,
  { rules = [], within }: { rules?: readonly string[]; within?: string } = {},
): Promise<string[]> {
  // The way that is not the old one looks at each page in a second window, for frames of other sites, which we have none of.
  // Of what breaks no rule only a count is wanted.
  const isThere = await page.evaluate<boolean>('window.axe !== undefined');
  const builder = new AxeBuilder(isThere ? { page, axeSource: NOTHING } : { page });
  builder.setLegacyMode().options({ resultTypes: ['violations'] });
  if (within !== undefined) builder.include(within);
  if (rules.length > 0) builder.withRules([...rules]);
  const { violations } = await builder.analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Waits until the page stands in these colours; the broker's own pages, without script, do at once. */
export const isDrawnIn = async (page: Page, scheme: 'light' | 'dark'): Promise<void> =>
  await holds(
    page,
    `(document.documentElement.dataset.mantineColorScheme ?? '${scheme}') === '${scheme}' &&
      document.getAnimations().every((each) => !(each instanceof CSSTransition))`,
  );

/** Nothing is wrong in either theme. What a page is made of is the same in both: in the dark only the colours are looked at. */
export async function isClean(page: Page, within?: string): Promise<void> {
  const part = within === undefined ? {} : { within };
  await isDrawnIn(page, 'light');
  const light = await complaintsAbout(page, part);
  await page.emulateMedia({ colorScheme: 'dark' });
  await isDrawnIn(page, 'dark');
  const dark = await complaintsAbout(page, { ...part, rules: ['color-contrast'] });
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual([...light, ...dark.map((each) => `in the dark, ${each}`)], []);
}
