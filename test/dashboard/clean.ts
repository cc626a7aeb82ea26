// What axe, which knows the rules of WCAG, finds wrong with a page as it stands.
import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** One line a rule, with what breaks it. `rules`: these alone. */
export async function complaintsAbout(page: Page, rules: readonly string[] = []): Promise<string[]> {
  // The way that is not the old one looks at each page in a second window, for frames of other sites, which we have none of.
  const builder = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules.length === 0 ? builder : builder.withRules([...rules])).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

export async function isClean(page: Page): Promise<void> {
  assert.deepEqual(await complaintsAbout(page), []);
}
