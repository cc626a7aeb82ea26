// Passkeys in a real browser, on a real broker: registered, signed in with, demanded of administrators, copied, removed.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startBroker, type Broker } from '../world/broker.ts';
import { openBrowser } from '../world/browser/browser.ts';
import { addAuthenticator } from '../world/browser/virtual-authenticator.ts';
import { freePort } from '../world/network/free-port.ts';

const PASSWORD = 'seven quiet otters';

async function openBroker(signIn: string): Promise<{ broker: Broker; url: string; close: () => Promise<void> }> {
  const root = mkdtempSync(join(tmpdir(), 'mg-passkeys-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const file = join(root, 'broker.yaml');
  writeFileSync(file, `sign_in: ${signIn}\n`);
  const args = ['--config', file, '--public-url', url];
  const broker = await startBroker({ root, args, listen: `127.0.0.1:${port}` });
  return {
    broker,
    url,
    async close() {
      await broker.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Sets the password of a new person by their link; they are signed in then, or at their second step. */
async function invite(page: Page, broker: Broker, name: string, role = 'member'): Promise<void> {
  await broker.run(['user', 'add', name, '--role', role]);
  await byLink(page, broker, name);
}
async function byLink(page: Page, broker: Broker, name: string): Promise<void> {
  const { url } = (await broker.json(['user', 'link', name])) as { url: string };
  await page.goto(url);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
}
/** Where a sign-in leads that was going nowhere else. */
const signedIn = async (page: Page, name: string): Promise<void> => {
  await page.waitForURL(/:\d+\/$/);
  await page.goto(new URL('/security', page.url()).href);
  await page.getByText(`Signed in as ${name}`).waitFor();
};
const signOut = async (page: Page): Promise<void> => {
  await page.goto(new URL('/logout', page.url()).href);
  await page.locator('main').getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((to) => to.pathname !== '/logout');
};
const typePassword = async (page: Page, url: string, name: string): Promise<void> => {
  await page.goto(`${url}/login`);
  await page.getByLabel('User name').fill(name);
  await page.locator('input[type=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
};
const events = async (broker: Broker, subject: string): Promise<string[]> => {
  const rows = (await broker.json(['audit', 'search', '--events', '--limit', '100'])) as Record<string, unknown>[];
  return rows.filter((row) => row['subject'] === subject).map((row) => String(row['type']));
};

suite('passkeys', () => {
  let world: Awaited<ReturnType<typeof openBroker>>;
  before(async () => {
    world = await openBroker('{}');
  });
  after(() => world.close());

  test('sign somebody in without name and password, until one is copied, removed, or its person is disabled', async (t) => {
    const { broker, url } = world;
    const { page, complaints } = await openBrowser(t);
    await invite(page, broker, 'ada');
    await signedIn(page, 'ada');
    const laptop = await addAuthenticator(page);
    await page.getByLabel('Name of the passkey').fill('Ada’s laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Ada’s laptop is registered.').waitFor();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('registered already').waitFor();

    await laptop.present(false);
    await signOut(page);
    await page.goto('about:blank');
    await laptop.present(true);
    const sent = page.waitForRequest((request) => request.url().endsWith('/login/passkey'));
    await page.goto(`${url}/login`);
    // Offered beside the user name, which a virtual authenticator takes at once.
    await signedIn(page, 'ada');
    const request = await sent;

    await laptop.present(false);
    await signOut(page);
    await page.goto('about:blank');
    await laptop.present(true);
    const headers = await request.allHeaders();
    const again = await fetch(`${url}/login/passkey`, {
      ...{ method: 'POST', redirect: 'manual', body: request.postData() ?? '' },
      headers: { cookie: headers['cookie'] ?? '', 'content-type': headers['content-type'] ?? '' },
    });
    assert.equal(again.status, 401);
    assert.match(await again.text(), /was used already/);

    const before = await laptop.counts();
    assert.ok((before[0] ?? 0) > 1, 'this authenticator counts');
    await laptop.setBack(0);
    await page.goto(`${url}/login`);
    const refused = page.getByText('This passkey was refused');
    await refused.waitFor();
    assert.ok((await events(broker, 'user:ada')).includes('passkey.cloned'));

    await laptop.setBack(1000);
    await broker.run(['user', 'disable', 'ada']);
    await page.goto(`${url}/login`);
    await page.getByText('This passkey is not known here').waitFor();
    await broker.run(['user', 'enable', 'ada']);

    await page.goto(`${url}/login`);
    await signedIn(page, 'ada');
    await page.goto(`${url}/security`);
    await page.getByRole('button', { name: 'Remove Ada’s laptop' }).click();
    await page.getByText('Ada’s laptop is removed').waitFor();
    await laptop.present(false);
    await signOut(page);
    await page.goto('about:blank');
    await laptop.present(true);
    await page.goto(`${url}/login`);
    await page.getByText('This passkey is not known here').waitFor();
    assert.deepEqual(
      complaints.filter((text) => !text.includes('401')),
      [],
      'nothing that the policy had to stop',
    );
  });

  test('a browser of long ago is asked anew before a passkey, and a password is changed for all other browsers', async (t) => {
    const { broker, url } = world;
    const [{ page }, { page: other }] = [await openBrowser(t), await openBrowser(t)];
    await invite(page, broker, 'grace');
    await signedIn(page, 'grace');
    await typePassword(other, url, 'grace');
    await signedIn(other, 'grace');
    await page.goto(`${url}/security`);
    const next = 'eleven silent herons';
    const change = async (current: string, repeat = next) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill(next);
      await page.getByLabel('New password again').fill(repeat);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await change('not mine at all');
    await page.getByText('This is not your current password').waitFor();
    await change(PASSWORD, 'another');
    await page.getByText('The two passwords differ').waitFor();
    await change(PASSWORD);
    await page.getByText('Your password is changed').waitFor();
    await other.reload();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    const told = await events(broker, 'user:grace');
    for (const type of ['password.changed', 'password.refused']) assert.ok(told.includes(type), type);
  });
});

suite('a second factor that is demanded of administrators', () => {
  let world: Awaited<ReturnType<typeof openBroker>>;
  before(async () => {
    world = await openBroker('{ second_factor: administrators, reauthenticate_after: 1s }');
  });
  after(() => world.close());

  test('is registered at the first sign-in before anything else, and asked for at each one after', async (t) => {
    const { broker, url } = world;
    const { page, complaints } = await openBrowser(t);
    await page.goto(broker.setupUrl);
    await page.getByLabel('User name').fill('root');
    for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByRole('heading', { name: 'Register a passkey' }).waitFor();
    for (const path of ['/', '/accounts', '/device', '/security', '/requests']) {
      await page.goto(`${url}${path}`);
      assert.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 0, `${path} is nobody’s`);
    }
    const status = (await page.context().request.get(`${url}/api/v1/session`)).status();
    assert.equal(status, 401, 'nor is the API');

    await addAuthenticator(page, 'key');
    await page.goto(`${url}/login/second?go_to=/device`);
    await page.getByRole('button', { name: 'Register and sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/device');

    await signOut(page);
    await typePassword(page, url, 'root');
    await page.getByRole('heading', { name: 'Confirm with your passkey' }).waitFor();
    const second = await page.context().newPage();
    await second.goto(`${url}/login/second`);
    await page.getByRole('button', { name: 'Use my passkey' }).click();
    await signedIn(page, 'root');
    await second.reload();
    await signedIn(second, 'root');
    assert.deepEqual(
      complaints.filter((text) => !text.includes('401')),
      [],
    );
    const told = await events(broker, 'user:root');
    for (const type of ['login.second_step', 'passkey.registered', 'login.succeeded'])
      assert.ok(told.includes(type), type);
  });

  test('leaves members alone, and holds at once for whom it comes to', async (t) => {
    const { broker, url } = world;
    const { page } = await openBrowser(t);
    await invite(page, broker, 'mia');
    await signedIn(page, 'mia');
    await broker.run(['user', 'set-role', 'mia', 'operator']);
    await page.goto(`${url}/security`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await typePassword(page, url, 'mia');
    await page.getByRole('heading', { name: 'Register a passkey' }).waitFor();
  });
});
