// The settings at the dashboard, in Chromium on a real broker with a real identity provider: what is shown is what holds, what is changed is changed at the
// broker, and no secret reaches the page but a token that is shown once.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { until } from '../world/until.ts';
import { isClean } from './clean.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { signIn, type AtDashboard } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

suite('the settings at the dashboard', () => {
  let lively: LivelyWorld;
  let browser: Browser;
  let grace: AtDashboard;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
    grace = await signIn(browser, lively, 'grace.hopper');
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  /** The way to the provider and back is no request of the pages, and a browser may ask it for an icon. */
  const complaints = (): string[] =>
    grace.complaints.filter((line) => !line.includes(` ${lively.company.idp.issuer}/`));
  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const lists = async (...args: string[]) => (await lively.world.broker.json(args)) as Record<string, unknown>[];

  test('the list of sections is an address each, goes by the keyboard, and names what the broker reads of its identity provider', async () => {
    const { page, open } = grace;
    await open('/settings');
    const provider = section(page, 'Identity provider');
    await provider.getByText(lively.company.idp.issuer).waitFor();
    await provider.getByText('answers', { exact: true }).waitFor();
    await page.getByText(`${lively.world.url}/oauth/idp/callback`).waitFor();
    await page.getByRole('button', { name: 'Check the connection' }).click();
    const tried = section(page, 'Try it');
    await tried.getByText('it knows the client mcpgate and its secret').waitFor();
    assert.equal(await tried.getByText('fine', { exact: true }).count(), 4);
    await page.getByRole('link', { name: 'Try a sign-in' }).click();
    await page.getByLabel('Login').fill('ada');
    await page.getByRole('button', { name: 'Go' }).click();
    await tried.getByText('ada.lovelace@corp.example would be signed in').waitFor();
    await tried.getByText(/^ada\.lovelace-2, a new account/).waitFor();
    // Whom the provider lets in, and this broker would not.
    await page.getByRole('link', { name: 'Try a sign-in' }).click();
    await page.getByLabel('Login').fill('guest');
    await page.getByRole('button', { name: 'Go' }).click();
    await tried.getByText('Nobody would be signed in').waitFor();
    await tried.getByText('E-mail addresses of your domain may not sign in here.').waitFor();
    await tried.getByText('domain', { exact: true }).waitFor();
    await isClean(page);
    assert.equal(
      (await page.getByRole('button', { name: /grace.hopper/ }).count()) > 0,
      true,
      'who tried is still who is here',
    );
    await isClean(page);
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Roles' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Roles' }).waitFor();
    assert.match(page.url(), /\/settings\/roles$/);
    await section(page, 'Groups at the identity provider').getByText('Platform Admins').waitFor();
    await open('/settings/nothing-such');
    await page.getByText('It is not there').waitFor();
    assert.deepEqual(complaints(), []);
  });

  test('a role is given and taken; the last administrator stays one, on the page and at the broker', async () => {
    const { page, open } = grace;
    await open('/settings/roles');
    await page.getByRole('button', { name: 'Give a role' }).click();
    const dialog = page.getByRole('dialog', { name: 'Give somebody a role' });
    await dialog.getByRole('combobox', { name: 'Person' }).fill('radia');
    await page.getByRole('option', { name: 'radia.perlman' }).click();
    await dialog.getByRole('radio', { name: 'auditor' }).check();
    await isClean(page);
    await dialog.getByRole('button', { name: 'Change the role' }).click();
    const people = page.getByRole('table', { name: 'People with a role' });
    await people.getByRole('row').filter({ hasText: 'radia.perlman' }).getByText('auditor').waitFor();
    const roleOf = async (name: string) =>
      (await lists('user', 'list')).find((user) => user['name'] === name)?.['role'];
    assert.equal(await roleOf('radia.perlman'), 'auditor');

    await page.getByRole('button', { name: 'Change the role of grace.hopper' }).click();
    const own = page.getByRole('dialog', { name: 'Role of grace.hopper' });
    await own.getByText('the only administrator').waitFor();
    assert.equal(await own.getByRole('radio', { name: 'member' }).isDisabled(), true);
    await page.keyboard.press('Escape');
    await assert.rejects(
      lively.world.broker.run(['user', 'set-role', 'grace.hopper', 'member']),
      /grace.hopper is the only administrator/,
    );
    assert.equal(await roleOf('grace.hopper'), 'admin');
  });

  test('a SCIM token is shown once, is rotated without a gap, and speaks SCIM until it is ended', async () => {
    const { page, open } = grace;
    await open('/settings/scim');
    const asks = async (token: string) =>
      (await fetch(`${lively.world.url}/scim/v2/Users`, { headers: { authorization: `Bearer ${token}` } })).status;
    const shownToken = async () => (await page.getByRole('dialog').locator('code').first().textContent()) ?? '';
    await page.getByRole('button', { name: 'Issue a token' }).click();
    await page.getByLabel('Label').fill('corp-id');
    await page.getByRole('button', { name: 'Issue the token', exact: true }).click();
    await page.getByText('This token is shown once').waitFor();
    const first = await shownToken();
    assert.equal(await asks(first), 200);
    await page.getByRole('button', { name: 'I have it' }).click();
    await open('/settings/scim');
    assert.equal((await page.content()).includes(first), false);
    await section(page, 'What it keeps here').getByText('in use').waitFor();

    await page.getByRole('button', { name: 'Rotate the token corp-id' }).click();
    await page.getByRole('button', { name: 'Issue the token', exact: true }).click();
    await page.getByText('This token is shown once').waitFor();
    const second = await shownToken();
    assert.deepEqual([await asks(first), await asks(second)], [200, 200]);
    await page.getByRole('button', { name: 'It is in its place: end the old one' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.deepEqual([await asks(first), await asks(second)], [401, 200]);

    await fetch(`${lively.world.url}/scim/v2/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${second}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'joan.clarke@corp.example',
        active: true,
      }),
    });
    await section(page, 'What it keeps here')
      .getByText(/^1 of \d+ are the provider’s$/)
      .waitFor();

    await page.getByRole('button', { name: 'End the token corp-id-2' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End the token', exact: true }).click();
    await page.getByText('No provider speaks SCIM here').waitFor();
    assert.equal(await asks(second), 401);
  });

  test('a hook that cannot be reached says what waits, why, and when it is tried again; once a test arrives, what waits does; one is paused and goes on', async () => {
    const { page, open } = grace;
    await open('/settings/hooks');
    const chat = section(page, 'chat');
    await chat.getByText('does not arrive').waitFor();
    await chat.getByText(/^1 message/).waitFor();
    await isClean(page);
    await chat.getByText('nothing has, so far').waitFor();
    await chat.getByText(/\(process \d+\)$/).waitFor();
    // What the company has for it comes up, and the hook is led there: the first message must wait no five minutes.
    await lively.world.broker.run(['hook', 'set', 'chat', '--url', `${lively.company.receiver}/services/team`]);
    // The page is told by itself, by the broker that has delivered it.
    await chat.getByText('Nothing: all has arrived').waitFor();
    assert.equal(await chat.getByText('nothing has, so far').count(), 0);
    await chat.getByText('just now').first().waitFor();
    const siem = section(page, 'siem');
    await siem.getByRole('button', { name: 'Send a test event' }).click();
    const dialog = page.getByRole('dialog', { name: 'A test event to siem' });
    await dialog.getByText('It arrived').waitFor();
    assert.ok(lively.company.received.some((body) => body.includes('This is a test, and nothing happened')));
    await page.keyboard.press('Escape');

    await siem.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause the hook' }).click();
    await siem.getByText('paused', { exact: true }).waitFor();
    const isEnabled = async () => (await lists('hook', 'list')).find((hook) => hook['name'] === 'siem')?.['enabled'];
    assert.equal(await isEnabled(), false);
    await siem.getByRole('button', { name: 'Go on' }).click();
    await siem.getByText('paused', { exact: true }).waitFor({ state: 'hidden' });
    assert.equal(await isEnabled(), true);
  });

  test('the keys are rotated from here, as the command does it; what comes of it appears by itself', async () => {
    const { page, open } = grace;
    await open('/settings/keys');
    const master = section(page, 'Master key');
    const before = await master.locator('code').first().textContent();
    await master.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the master key' }).click();
    await until('another master key on the page', async () => {
      const [is, rotates] = [
        await master.locator('code').first().textContent(),
        await master.getByText('being rotated').count(),
      ];
      return is !== before && rotates === 0;
    });
    const keys = page.getByRole('table', { name: 'Signing keys' });
    await section(page, 'Signing keys').getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the signing keys' }).click();
    await keys.getByText('signs soon').waitFor();
  });

  test('a workspace is made, entered and left, and shows who administers it', async () => {
    const { page, open } = grace;
    await open('/settings/workspaces');
    const table = page.getByRole('table', { name: 'Workspaces' });
    await table.getByRole('row').filter({ hasText: 'default' }).getByText('grace.hopper').waitFor();
    await page.getByRole('button', { name: 'Make a workspace' }).click();
    await page.getByLabel('Name').fill('team-b');
    await page.getByRole('dialog').getByRole('button', { name: 'Make the workspace' }).click();
    await table.getByRole('row').filter({ hasText: 'team-b' }).getByText('none of its own').waitFor();
    await page.getByRole('button', { name: 'Enter the workspace team-b' }).click();
    await page.waitForURL(/workspace=team-b/);
    assert.equal(await page.getByRole('combobox', { name: 'Workspace' }).inputValue(), 'team-b');
    await page.getByRole('combobox', { name: 'Workspace' }).click();
    await page.getByRole('option', { name: 'default' }).click();
    await page.waitForURL((url) => !url.searchParams.has('workspace'));
    await open('/settings/workspaces');
    await page.getByRole('button', { name: 'Remove the workspace team-b' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('team-b');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the workspace' }).click();
    await table.getByText('team-b').waitFor({ state: 'hidden' });
    assert.deepEqual(
      (await lists('workspace', 'list')).map(({ name }) => name),
      ['default'],
    );
  });

  test('the configuration is what holds, with where it came from; a key is explained, and the log is proved from its section', async () => {
    const { page, open } = grace;
    await open('/settings/configuration');
    const table = page.getByRole('table', { name: 'Configuration' });
    await table.getByRole('row').filter({ hasText: 'secrets.max_age' }).getByText('60d').waitFor();
    await table.getByRole('row').filter({ hasText: 'listen' }).getByText('--listen').waitFor();
    assert.equal(await table.getByText('tokens.access_ttl').count(), 0, 'what is not set has its default');
    await page.getByRole('textbox', { name: 'Search keys and values' }).fill('access_ttl');
    await table.getByRole('row').filter({ hasText: 'tokens.access_ttl' }).getByText('default').waitFor();
    await table.getByRole('link', { name: 'tokens.access_ttl' }).click();
    await page.getByRole('dialog').getByText('How long an access token lasts').waitFor();
    await isClean(page);

    // The first checkpoint is made a minute after the start, and the pages are not told of it.
    await until('the first checkpoint', async () => {
      await open('/settings/audit');
      await section(page, 'Outside places').getByRole('row').nth(1).waitFor();
      return (await section(page, 'Outside places').getByText('up to date').count()) > 0;
    });
    await section(page, 'Old rows').getByText('For good: audit.retention is not set').waitFor();
    await section(page, 'Old rows').getByText('None yet').waitFor();
    await page.getByRole('button', { name: 'Verify the log' }).click();
    await page.getByText('The log is whole').waitFor();
    assert.deepEqual(complaints(), []);
  });

  test('what a file manages is said with what was changed by hand since it was applied', async () => {
    const { page, open } = grace;
    const { broker, root } = lively.world;
    const file = join(root, 'platform.yaml');
    const rules = [
      '  read-the-memory: { effect: allow, who: ["group:data"], what: ["read:memory"] }',
      '  no-large-answers: { effect: deny, who: ["*"], what: ["sentry__large"], until: "2099-12-24T18:00:00Z" }',
    ];
    writeFileSync(file, ['version: 1', 'rules:', ...rules, ''].join('\n'));
    await broker.run(['config', 'apply', file, '--yes']);
    await open('/settings/configuration');
    const managed = section(page, 'As code: platform.yaml');
    await managed.getByText('as it was applied', { exact: true }).waitFor();
    await broker.run(['rule', 'edit', 'read-the-memory', '--who', 'group:support']);
    await managed.getByText('1 difference').waitFor();
    const drift = managed.getByRole('list', { name: 'Changed by hand since platform.yaml was applied' });
    await drift.getByText('rule read-the-memory', { exact: true }).waitFor();
    await drift.locator('del', { hasText: 'group:data' }).waitFor();
    await drift.locator('ins', { hasText: 'group:support' }).waitFor();
    await broker.run(['rule', 'remove', 'no-large-answers', '--yes']);
    await drift.getByText('rule no-large-answers: removed').waitFor();
    await isClean(page);
    await broker.run(['config', 'apply', file, '--yes']);
    await managed.getByText('as it was applied', { exact: true }).waitFor();
    // The end of a rule stands in its sentence, by the clock of whoever reads it.
    await open('/access?tab=rules');
    await page.getByText(/deny everybody to call sentry__large, until 24 Dec 2099, 19:00:00 CET/).waitFor();
  });

  test('an operator sees what is theirs, and the broker refuses the rest; a member has no settings', async () => {
    const margaret = await signIn(browser, lively, 'margaret.hamilton');
    await margaret.open('/settings');
    await margaret.page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
    const links = margaret.page.getByRole('navigation', { name: 'Settings' }).getByRole('link');
    assert.deepEqual(await links.allInnerTexts(), ['Audit log', 'Hooks', 'Backup', 'Brokers']);
    assert.equal(await margaret.page.getByRole('button', { name: 'Verify the log' }).count(), 0);
    await margaret.open('/settings/hooks');
    assert.equal(await margaret.page.getByRole('button', { name: 'Pause' }).count(), 0);
    await margaret.open('/settings/roles');
    await margaret.page.getByText('This is not for your role').waitFor();
    await isClean(margaret.page);
    await margaret.close();

    const ada = await signIn(browser, lively, 'ada.lovelace');
    for (const path of ['configuration', 'sign-in', 'scim']) {
      const status = await ada.page.evaluate<number>(`fetch('/api/v1/settings/${path}').then(({ status }) => status)`);
      assert.equal(status, 403, path);
    }
    await ada.close();
  });
});
