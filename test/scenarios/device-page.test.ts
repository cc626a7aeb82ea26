// The pages, driven in a real browser: set-up link, administrator, device login with the code typed as people type it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openWorld, type World } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { createPersonAtBrowser, PASSWORD } from '../world/people/signed-in.ts';

let world: World;
before(async () => (world = await openWorld()));
after(() => world.close());

async function makeAdministrator(page: Page, name: string) {
  await page.getByLabel(/name/i).first().fill(name);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the administrator' }).click();
  await page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor();
}

test('set-up link, administrator, mcpgate login, code typed in lower case without a dash, confirmed: logged in', async (t) => {
  const { page, complaints } = await openBrowser(t);

  await page.goto(world.broker.setupUrl);
  await makeAdministrator(page, 'ada');

  const laptop = world.laptop('ada');
  const login = laptop.start(['login', world.network.url, '--json', '--no-browser']);
  const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
  await page.goto(`${world.network.url}/device`);
  await page.getByLabel(/code/i).first().fill(code.toLowerCase().replaceAll('-', ''));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page
    .getByText(/127\.0\.0\.1/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  const [, user = ''] = await login.line(/"event":\s*"login".*"user":\s*"([^"]+)"/);

  assert.equal(user, 'ada');
  assert.equal(await login.exited, 0);
  assert.deepEqual(complaints, [], 'no script error and nothing that the content security policy had to stop');
  const again = await fetch(world.broker.setupUrl);
  assert.notEqual(again.status, 200, 'the set-up link works once');
  const used = (await world.broker.json(['user', 'list'])) as { name: string; role: string }[];
  assert.deepEqual(
    used.map(({ name, role }) => [name, role]),
    [['ada', 'admin']],
  );
});

test('a person with a link sets a password, logs in on the way to the device page, and may say no', async (t) => {
  const grace = await world.person('grace');
  const { url } = (await world.broker.json(['user', 'link', 'grace'])) as { url: string };
  const { page } = await openBrowser(t, { dark: true });
  await page.goto(url);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByText('Hello, grace').waitFor();
  await page.context().clearCookies();

  const login = grace.start(['login', world.network.url, '--json', '--no-browser']);
  const [, complete = ''] = await login.line(/"verification_uri_complete":\s*"([^"]+)"/);
  await page.goto(complete);
  await page.getByLabel(/name/i).first().fill('grace');
  await page.locator('input[type=password]').fill('not the password');
  await page.keyboard.press('Enter');
  await page
    .getByText(/wrong|not right|incorrect|does not match|no such/i)
    .first()
    .waitFor();
  await page.getByLabel(/name/i).first().fill('grace');
  await page.locator('input[type=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Deny' }).click();
  assert.equal(await login.exited, 3, login.output());
  assert.match(login.output(), /denied|refused/i);
});

test('the device page answers a wrong code in words, and the pages carry a strict policy', async (t) => {
  const { page } = await createPersonAtBrowser(t, world, 'linus');
  const answer = await page.goto(`${world.network.url}/device`);
  const policy = (await answer?.allHeaders())?.['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'|default-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
  await page.getByLabel(/code/i).first().fill('zzzz-zzzz');
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('alert').innerText(), /code/i);
  const lang = await page.locator('html').getAttribute('lang');
  const unlabelled = page.locator('input:not([type=hidden]):not([aria-label]):not([id])');
  assert.deepEqual([lang, await unlabelled.count(), await page.locator('h1').count()], ['en', 0, 1]);
});
