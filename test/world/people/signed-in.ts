// A person with a password at a real browser: signs in where a page asks for it, and answers an application that wants to be let in.
import type { TestContext } from 'node:test';
import { openBrowser } from '../browser/browser.ts';
import type { World } from '../../world.ts';

export const PASSWORD = 'correct horse battery staple 7';

export async function createPersonAtBrowser(t: TestContext, world: World, name: string) {
  await world.person(name);
  const link = (await world.broker.json(['user', 'link', name])) as { url: string };
  const { page, complaints } = await openBrowser(t);
  await page.goto(link.url);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByText(`Hello, ${name}`).waitFor();
  return {
    page,
    complaints,
    signOut: () => page.context().clearCookies(),
    async signIn(): Promise<void> {
      await page.getByLabel('User name').fill(name);
      await page.locator('input[type=password]').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
    /** Opens what the application wants opened and presses the button. */
    async decide(url: string, button: 'Allow' | 'Deny'): Promise<void> {
      await page.goto(url);
      await page.getByRole('button', { name: button, exact: true }).click();
    },
  };
}
