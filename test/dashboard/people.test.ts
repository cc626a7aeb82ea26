// People in Chromium on a real broker: somebody is invited and comes in by the link; somebody is off-boarded while an AI client of theirs calls, and
// the receipt, the server and the log agree; an auditor sees all of it and changes nothing.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { searchEvents } from '../world/call-rows.ts';
import { DIALOG, isClean, MAIN } from './clean.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { holds, signIn } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

const ADMIN = 'grace.hopper';

suite('people in the dashboard', () => {
  let lively: LivelyWorld;
  let browser: Browser;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  /** The newest first. */
  const eventsOf = async (type: string, subject: string) =>
    (await searchEvents(lively.world.broker, type)).filter((event) => event.subject === subject);

  test('somebody is invited: the link is shown once with the lines for the laptop, and lets them in', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/people');
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Hedy');
    await dialog.getByRole('button', { name: 'Add and make the link' }).click();
    await dialog.getByText('a user name is 1 to 64').waitFor();
    await isClean(page, DIALOG);
    await dialog.getByLabel('Name').fill('hedy.lamarr');
    await dialog.getByLabel('E-mail').fill('hedy@example.com');
    await dialog.getByLabel('Groups').fill('engineering');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await dialog.getByRole('button', { name: 'Add and make the link' }).click();
    const link = dialog.getByText(/\/link\?/);
    await link.waitFor();
    const url = await link.innerText();
    await dialog.getByText(`mcpgate login ${lively.world.url}`).waitFor();
    await dialog.getByText('mcpgate install-clients').waitFor();
    await isClean(page, DIALOG);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'hedy.lamarr' }).waitFor();
    assert.ok(!(await page.content()).includes(url), 'it is shown once');

    const context = await browser.newContext();
    const hedy = await context.newPage();
    await hedy.goto(url);
    for (const field of await hedy.locator('input[type=password]').all()) await field.fill(lively.password);
    await hedy.getByRole('button', { name: 'Save and sign in' }).click();
    await hedy.getByRole('heading', { level: 1, name: 'Hello, hedy.lamarr' }).waitFor();
    await context.close();

    for (const type of ['user.added', 'user.linked']) {
      const [event] = await eventsOf(type, 'user:hedy.lamarr');
      assert.equal(event?.actor, ADMIN, type);
    }
    assert.deepEqual(complaints, []);
    await close();
  });

  test('search, filters, sorting and tabs are part of the address, also to whoever opens it', async () => {
    const { page, open, close } = await signIn(browser, lively, ADMIN);
    const names = () => page.getByRole('table').getByRole('link').allInnerTexts();
    await open('/people?state=connected');
    assert.deepEqual(await names(), ['ada.lovelace']);
    await open('/people?role=auditor');
    assert.deepEqual(await names(), ['katherine.johnson']);
    await open('/people');
    await page.getByLabel('Search').fill('lisk');
    await page.waitForURL(/\?q=lisk$/);
    assert.deepEqual(await names(), ['barbara.liskov']);
    await page.getByRole('tab', { name: 'Devices' }).click();
    await page.waitForURL(/\?tab=devices$/);
    assert.deepEqual(await names(), ['ada.lovelace']);
    await page.getByRole('button', { name: 'Device' }).click();
    await page.waitForURL(/sort=name$/);
    for (const tab of ['Devices', 'Grants', 'Sign-ins']) {
      await page.getByRole('tab', { name: tab }).click();
      await holds(page, "document.querySelector('[aria-busy=true]') === null");
      await isClean(page, MAIN);
    }
    await close();
  });

  test('role and groups are changed at once, and who is in a group is seen and changed beside the list', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/people/radia.perlman');
    await page.getByRole('button', { name: 'Role and groups' }).click();
    const dialog = page.getByRole('dialog');
    await isClean(page, DIALOG);
    await dialog.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: /^operator/ }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('dd', { hasText: 'operator: servers, rules' }).waitFor();
    await open('/people?tab=groups&group=support');
    const drawer = page.getByRole('dialog', { name: 'Group support' });
    await isClean(page, DIALOG);
    await drawer.getByRole('button', { name: 'Take radia.perlman out of support' }).click();
    await page.getByRole('button', { name: 'Take them out' }).click();
    await drawer.getByText('Nobody is in it.').waitFor();
    const all = (await lively.world.broker.json(['user', 'list'])) as {
      name: string;
      role: string;
      groups: string[];
    }[];
    const users = all.filter(({ name }) => name === 'radia.perlman');
    assert.deepEqual(
      users.map(({ role, groups }) => [role, groups]),
      [['operator', []]],
    );
    assert.deepEqual(complaints, []);
    await close();
  });

  test('a grant is issued for some servers, its token is shown once, and revoking it shows the receipt', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/people?tab=grants');
    await page.getByRole('button', { name: 'Issue a grant' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label').fill('nightly');
    await dialog.getByRole('combobox', { name: 'Servers' }).click();
    await page.getByRole('option', { name: 'sentry' }).click();
    await page.keyboard.press('Escape');
    await isClean(page, DIALOG);
    await dialog.getByRole('button', { name: 'Issue the grant' }).click();
    const token = await dialog.getByText(/^mcg_\w+$/).innerText();
    await isClean(page, DIALOG);
    await dialog.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('button', { name: 'Revoke the grant nightly' }).waitFor();
    assert.ok(!(await page.content()).includes(token));
    await page.getByRole('button', { name: 'Revoke the grant nightly' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke the grant' }).click();
    const receipt = page.getByRole('dialog', { name: 'The grant nightly has ended' });
    await receipt.getByText('Tokens ended').waitFor();
    await isClean(page, DIALOG);
    await receipt.getByRole('button', { name: 'Done' }).click();
    await page.getByText('No grant is good now').waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  test('an auditor sees everybody and what would end, changes nothing, and the broker refuses it too', async () => {
    const { page, open, complaints, close } = await signIn(browser, lively, 'katherine.johnson');
    await open('/');
    await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
    await open('/people');
    await page.getByRole('link', { name: 'ada.lovelace' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Invite somebody' }).count(), 0);
    await open('/people/ada.lovelace');
    await page.getByRole('table', { name: 'Devices' }).getByText('Connected').waitFor();
    for (const name of ['Off-board', 'Role and groups', /^Revoke /, /^End .* of /, 'Issue a grant'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, String(name));
    const status = await page.evaluate(`(async () => {
      const session = await (await fetch('/api/v1/session')).json();
      const headers = { 'x-csrf-token': session.csrf_token };
      return (await fetch('/api/v1/users/ada.lovelace/disable', { method: 'POST', headers })).status;
    })()`);
    assert.equal(status, 403);
    assert.deepEqual(
      complaints.filter((text) => !text.includes('403')),
      [],
    );
    await close();
  });

  test('off-boarding shows what ends, asks once, and all of it has ended: the link, the call under way, the way to the server', async (t) => {
    const { world } = lively;
    const name = 'ada.lovelace';
    const tickets = await startCountingUpstream();
    t.after(() => tickets.close());
    await world.broker.run(['server', 'add', 'tickets', tickets.url]);
    await world.broker.run(['rule', 'add', '--allow', '--who', 'group:engineering', '--what', 'tickets__*']);
    const laptop = world.laptop('adas-second-laptop');
    await laptop.login(
      world.url,
      async (code) => void (await world.broker.run(['login', 'approve', code, '--as', name])),
    );
    const client = await laptop.aiClient({ name: 'cursor' });
    // What she leaves: a grant of nobody, which works on, and a secret that she has set.
    await world.broker.run(['user', 'set-role', 'ada.lovelace', 'admin']);
    const issuer = await signIn(browser, lively, 'ada.lovelace');
    await issuer.open('/people?tab=grants');
    await issuer.page.getByRole('button', { name: 'Issue a grant' }).click();
    await issuer.page.getByLabel('Label').fill('left-behind');
    await issuer.page.getByRole('combobox', { name: 'Servers' }).click();
    await issuer.page.getByRole('option', { name: 'sentry' }).click();
    await issuer.page.keyboard.press('Escape');
    await issuer.page.getByRole('button', { name: 'Issue the grant' }).click();
    await issuer.page.getByRole('button', { name: 'I have it' }).click();
    await issuer.close();

    const pending = client.call('tickets__hold').then(
      (answer) => JSON.stringify(answer),
      (error: unknown) => String(error),
    );
    await tickets.arrived('hold');

    const { page, open, complaints, close } = await signIn(browser, lively, ADMIN);
    await open('/people/ada.lovelace');
    await page.getByRole('button', { name: 'Off-board' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(', connected now').first().waitFor();
    await dialog.getByText('grant:left-behind').waitFor();
    const lockOut = dialog.getByRole('button', { name: 'Lock out now' });
    assert.ok(await lockOut.isDisabled(), 'the name is typed first');
    await isClean(page, DIALOG);
    await dialog.getByLabel(/Type ada.lovelace/).fill('ada.lovelace');
    await lockOut.click();
    await page.getByRole('dialog', { name: 'ada.lovelace is out' }).waitFor();
    await dialog.getByText(/had ended within \d+ ms/).waitFor();
    await dialog.getByText('What is left to do').waitFor();
    await isClean(page, DIALOG);
    await dialog.getByText('grant:left-behind').waitFor();
    await tickets.cancelled();
    assert.match(await pending, /disabled|ended|lost|revoked|logged/i);

    const reached = tickets.calls.length;
    assert.equal((await client.call('tickets__echo', { text: 'still there?' })).isError, true);
    assert.equal(tickets.calls.length, reached, 'nothing of hers reaches the server any more');

    const [last] = await eventsOf('user.disabled', 'user:ada.lovelace');
    assert.equal(last?.actor, ADMIN);
    assert.ok(Number(last?.data['links_closed']) >= 1 && Number(last?.data['calls_cancelled']) >= 1);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Locked out').first().waitFor();
    await page.getByRole('button', { name: 'Let them in again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Let them in again' }).click();
    await page.getByRole('button', { name: 'Off-board' }).waitFor();

    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Remove for good' }).click();
    await dialog.getByLabel(/Type ada.lovelace/).fill('ada.lovelace');
    await dialog.getByRole('button', { name: 'Remove for good' }).click();
    await page.getByRole('dialog', { name: 'ada.lovelace is removed' }).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.waitForURL(/\/people$/);
    await holds(page, "document.querySelector('[aria-busy=true]') === null");
    assert.equal(await page.getByRole('link', { name: 'ada.lovelace' }).count(), 0);
    // The event of the removal has the page of the person asked once more, and there is none.
    assert.deepEqual(
      complaints.filter((text) => !text.includes('404')),
      [],
    );
    await close();
  });
});
