// Who one is, at the dashboard, in Chromium on a real broker with a real identity provider: a passkey added and shown anew, a second factor that the provider
// has asked for, and what pages of other sites and people who guess get of it: nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBroker, type Broker } from '../world/broker.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';
import { addAuthenticator } from '../world/browser/virtual-authenticator.ts';
import { searchEvents } from '../world/call-rows.ts';
import { DIALOG, isClean } from './clean.ts';
import { startCompany, type Company } from './company.ts';

const PASSWORD = 'seven quiet otters';

suite('who one is, at the dashboard', () => {
  const root = mkdtempSync(join(tmpdir(), 'mg-sign-in-'));
  let company: Company;
  let broker: Broker;
  let browser: Browser;
  before(async () => {
    const more = ['sign_in:', '  second_factor: administrators'];
    [company, browser] = await Promise.all([startCompany({ host: 'localhost', more }), launchChromium()]);
    broker = await startBroker({ root, args: company.brokerArgs, listen: company.listen });
  });
  after(async () => {
    await browser.close();
    await broker.stop();
    await company.close();
    rmSync(root, { recursive: true, force: true });
  });

  const open = async (): Promise<{ page: Page; context: BrowserContext }> => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    return { page, context };
  };
  const invite = async (page: Page, name: string): Promise<void> => {
    await broker.run(['user', 'add', name]);
    const { url } = (await broker.json(['user', 'link', name])) as { url: string };
    await page.goto(url);
    for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
    await page.getByRole('button', { name: 'Save and sign in' }).click();
    await page.getByRole('heading', { level: 1, name: `Hello, ${name}` }).waitFor();
  };
  /** As if everybody had shown an hour ago who they are. */
  const letAnHourPass = (): void => {
    const database = new DatabaseSync(join(broker.dataDir, 'mcpgate.db'), { timeout: 10_000 });
    database.exec(
      'update web_sessions set authenticated_at = authenticated_at - 3600000, created_at = created_at - 3600000',
    );
    database.close();
  };
  const atProvider = async (page: Page, login: string): Promise<void> => {
    await page.getByRole('link', { name: 'Continue with Corp ID' }).click();
    await page.getByLabel('Login').fill(login);
    await page.getByRole('button', { name: 'Go' }).click();
  };
  const sessionOf = async (page: Page) => {
    const answer = await page.context().request.get(`${company.url}/api/v1/session`);
    return { status: answer.status(), body: Object(await answer.json()) };
  };

  test('a passkey is added, and is shown where a step wants to know anew who it is; the step goes on by itself', async () => {
    const { page, context } = await open();
    await invite(page, 'mia');
    await addAuthenticator(page);
    await page.goto(`${company.url}/me?tab=sign-in`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
    await dialog.getByLabel('What you call it').fill('blue laptop');
    await dialog.getByRole('button', { name: 'Add the passkey' }).click();
    await page.getByText('The passkey blue laptop is yours.').waitFor();

    letAnHourPass();
    await page.reload();
    const passkeys = page.getByRole('table', { name: 'Your passkeys' });
    await passkeys.getByRole('button', { name: 'Remove blue laptop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await proof.getByLabel('Password', { exact: true }).waitFor();
    await isClean(page, DIALOG);
    await proof.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('You have no passkey yet').waitFor();
    const [shown] = await searchEvents(broker, 'session.reauthenticated');
    assert.deepEqual([shown?.actor, shown?.data['method']], ['mia', 'passkey']);
    await context.close();
  });

  test('whom the provider asked for a second factor is let in as an administrator, and shows it there again; whom it did not ask is asked here', async () => {
    const { page, context } = await open();
    company.idp.factors.set('ada', ['pwd', 'mfa']);
    await page.goto(`${company.url}/login`);
    await atProvider(page, 'ada');
    await page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor();
    const { body } = await sessionOf(page);
    assert.deepEqual([body.role, body.method, body.second_factor], ['admin', 'idp', 'idp']);

    letAnHourPass();
    await page.goto(`${company.url}/people`);
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('hedy');
    await page.getByRole('button', { name: 'Add and make the link' }).click();
    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    const [beside] = await Promise.all([
      page.waitForEvent('popup'),
      proof.getByRole('button', { name: 'Show it in a second window' }).click(),
    ]);
    await Promise.all([beside.waitForEvent('close'), atProvider(beside, 'ada')]);
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page
      .getByRole('dialog')
      .getByText(/\/link\?/)
      .waitFor();
    const [shown] = await searchEvents(broker, 'session.reauthenticated');
    assert.equal(shown?.data['method'], 'idp');
    await context.close();

    const other = await open();
    company.idp.factors.set('ada', ['pwd']);
    await other.page.goto(`${company.url}/login`);
    await atProvider(other.page, 'ada');
    await other.page.getByRole('heading', { name: 'Register a passkey' }).waitFor();
    await isClean(other.page);
    assert.equal((await sessionOf(other.page)).status, 401, 'nobody is signed in before that');
    await addAuthenticator(other.page);
    await other.page.reload();
    await other.page.getByRole('button', { name: 'Register and sign in' }).click();
    await other.page.getByRole('heading', { level: 1, name: 'First steps' }).waitFor();
    await other.context.clearCookies();
    await other.page.goto(`${company.url}/login`);
    await atProvider(other.page, 'ada');
    await other.page.getByRole('heading', { name: 'Confirm with your passkey' }).waitFor();
    await isClean(other.page);
    await other.context.close();
  });

  test('a page of another site neither reads nor changes anything, and signs nobody in as somebody else', async (t) => {
    const { page, context } = await open();
    await invite(page, 'noor');
    await broker.run(['user', 'add', 'mallory']);
    const there = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>Win!'));
    await once(there.listen(0, '127.0.0.1'), 'listening');
    t.after(() => there.close());
    const address = there.address();
    assert.ok(address !== null && typeof address === 'object');
    // Another program on the same host: its pages are of another origin, and the browser sends the cookies along.
    const evil = await context.newPage();
    await evil.goto(`http://localhost:${address.port}/`);
    const ask = (path: string, init: string) =>
      evil.evaluate<string>(`fetch('${company.url}${path}', ${init}).then(({ type }) => type, ({ name }) => name)`);
    assert.equal(await ask('/api/v1/session', "{ credentials: 'include' }"), 'TypeError', 'it cannot read the answer');
    await ask('/api/v1/grants', `{ method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"label":"x"}' }`);
    const rejected = await searchEvents(broker, 'auth.rejected');
    assert.deepEqual(
      rejected.filter(({ actor }) => actor === 'noor').map(({ data }) => data['reason']),
      ['other_site', 'other_site'],
    );

    // A form of theirs, filled with an account of theirs, so that the victim works on in it.
    const answered = evil.waitForResponse((response) => response.url() === `${company.url}/login`);
    await evil.evaluate(`(() => {
      const form = Object.assign(document.createElement('form'), { method: 'POST', action: '${company.url}/login' });
      for (const [name, value] of Object.entries({ name: 'mallory', password: '${PASSWORD}' }))
        form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    })()`);
    assert.equal((await answered).status(), 403);
    const { body } = await sessionOf(page);
    assert.equal(body.user.name, 'noor', 'she is still herself');
    await context.close();
  });

  test('who guesses is not told which names there are: a wrong password and an unknown name look the same', async () => {
    const { page, context } = await open();
    await broker.run(['user', 'add', 'olga']);
    const said: string[] = [];
    for (const name of ['olga', 'nobody-such']) {
      await page.goto(`${company.url}/login`);
      await page.getByLabel('User name').fill(name);
      await page.getByLabel('Password').fill('not it at all');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('alert').waitFor();
      said.push((await page.locator('main').innerText()).replaceAll(name, 'NAME'));
    }
    assert.equal(said[0], said[1]);
    await isClean(page);
    await context.close();
  });

  test('axe finds nothing on what people meet outside the dashboard: the code of a device, a client that asks, what is theirs', async () => {
    const { page, context } = await open();
    await invite(page, 'rosa');
    const ask = async (path: string, init: { headers?: Record<string, string>; body: string | URLSearchParams }) =>
      Object(await (await fetch(`${company.url}/oauth/${path}`, { method: 'POST', ...init })).json());
    const device = await ask('device_authorization', {
      body: new URLSearchParams({
        ...{ client_id: 'mcpgate-cli', scope: 'openid offline_access', resource: `${company.url}/v1/tunnel` },
        ...{ device_name: 'rosas-laptop', device_platform: 'linux', device_proof: 'a'.repeat(43) },
      }),
    });
    const redirect = 'http://127.0.0.1:4711/callback';
    const grants = { redirect_uris: [redirect], grant_types: ['authorization_code', 'refresh_token'] };
    const client = await ask('register', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'Painter', ...grants }),
    });
    const consent = new URLSearchParams({
      ...{ client_id: client.client_id, redirect_uri: redirect, response_type: 'code', state: 's' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', resource: `${company.url}/mcp` },
    });
    const { pathname, search } = new URL(device.verification_uri_complete);
    const pages: readonly [path: string, heading: string | RegExp][] = [
      ['/device', 'Connect a device'],
      [pathname + search, /./],
      [`/oauth/auth?${consent.toString()}`, 'Let this application in?'],
      ['/accounts', /./],
      ['/requests', /./],
      ['/security', /./],
      ['/logout', /./],
    ];
    for (const [path, heading] of pages) {
      await page.goto(company.url + path);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await isClean(page).catch((error: unknown) => assert.fail(`${path}: ${String(error)}`));
    }
    await context.close();
  });
});
