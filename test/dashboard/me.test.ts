// What people do at their own page: try a tool, issue a grant and end it, see what they called, show anew who they are before what matters.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { DIALOG, isClean, MAIN } from './clean.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { signIn, type AtDashboard } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

suite("a member's own page", () => {
  let lively: LivelyWorld;
  let browser: Browser;
  let ada: AtDashboard;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
    ada = await signIn(browser, lively, 'ada.lovelace');
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  const callsOf = (tool: string) => lively.sentry.calls.filter((call) => call.tool === tool).length;
  const lastCalls = async () =>
    (await lively.world.broker.json(['audit', 'search', '--user', 'ada.lovelace', '--tool', 'sentry__echo'])) as {
      client_name: string;
      credential_kind: string;
      status: string;
      decision: string;
    }[];

  test('shows the tools that rules allow, and no others, and says which read and which may write', async () => {
    const { page, open } = ada;
    await open('/me');
    const tools = page.getByRole('table', { name: 'Your tools' });
    await tools.getByText('sentry__echo', { exact: true }).waitFor();
    assert.equal(await tools.getByText('sentry__fail', { exact: true }).count(), 0, 'a rule denies it');
    assert.equal(await tools.getByText('memory__create_entities', { exact: true }).count(), 0, 'no rule allows it');
    await page.getByRole('textbox', { name: 'Find a tool' }).fill('delete_ent');
    await tools.getByText('sentry__echo', { exact: true }).waitFor({ state: 'hidden' });
    assert.match(page.url(), /q=delete_ent/);
    await tools.getByRole('row').filter({ hasText: 'memory__delete_entities' }).getByText('May write').waitFor();
  });

  test('a try is a real call of the person, recorded as such, and stands among their calls', async () => {
    const { page, open } = ada;
    const before = callsOf('echo');
    await open('/me?tool=sentry__echo');
    const dialog = page.getByRole('dialog', { name: 'Try sentry__echo' });
    await dialog.getByLabel('text').fill('from the browser');
    await dialog.getByRole('button', { name: 'Call the tool' }).click();
    await dialog.getByRole('status', { name: 'Answer' }).getByText('from the browser').waitFor();
    await isClean(page, DIALOG);
    assert.equal(callsOf('echo'), before + 1);
    const [call] = await lastCalls();
    assert.deepEqual(
      [call?.client_name, call?.credential_kind, call?.status, call?.decision],
      ['mcpgate-dashboard', 'session', 'ok', 'allow'],
    );
    await dialog.getByRole('link', { name: 'in your calls' }).click();
    await page.getByRole('table', { name: 'Your calls' }).getByText('this dashboard').first().waitFor();
  });

  test('a tool that no rule allows is not called, whatever the page is made to send', async () => {
    const { page, open } = ada;
    await open('/me');
    const before = callsOf('fail');
    const answer = await page.evaluate<{ is_error: boolean; content: { text: string }[] }>(`(async () => {
      const session = await (await fetch('/api/v1/session')).json();
      const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrf_token };
      const body = JSON.stringify({ name: 'sentry__fail' });
      return (await fetch('/api/v1/me/tools/call', { method: 'POST', headers, body })).json();
    })()`);
    assert.equal(answer.is_error, true);
    assert.match(answer.content[0]?.text ?? '', /^\[mcpgate denied\]/);
    assert.equal(callsOf('fail'), before, 'nothing was forwarded');
    await open('/me?tab=calls&status=denied');
    await page.getByRole('table', { name: 'Your calls' }).getByText('Denied').first().waitFor();
  });

  test('a request that waits says for whom', async () => {
    await ada.open('/me?tab=requests');
    const row = ada.page.getByRole('row').filter({ hasText: 'memory__delete_entities' });
    await row.getByText('for group:platform').first().waitFor();
    await isClean(ada.page, MAIN);
    await ada.open('/me?tab=accounts');
    await isClean(ada.page, MAIN);
  });

  test('a grant is issued after the person has shown anew who they are, is shown once, works, and ends', async () => {
    const { page, open, complaints } = ada;
    const database = new DatabaseSync(join(lively.world.broker.dataDir, 'mcpgate.db'));
    database.exec(
      'update web_sessions set authenticated_at = authenticated_at - 3600000, created_at = created_at - 3600000',
    );
    database.close();
    await open('/me?tab=grants');
    await page.getByRole('button', { name: 'Issue a grant' }).click();
    const dialog = page.getByRole('dialog', { name: 'Issue a grant' });
    await dialog.getByRole('textbox', { name: 'Label' }).fill('ci-release');
    await dialog.getByRole('combobox', { name: 'Servers' }).or(dialog.getByLabel('Servers')).first().click();
    await page.getByRole('option', { name: 'sentry' }).click();
    await page.keyboard.press('Tab');
    await dialog.getByRole('button', { name: 'Issue the grant' }).click();

    const proof = page.getByRole('dialog', { name: 'Show that it is you' });
    await proof.getByLabel('Password', { exact: true }).fill('not it at all');
    await proof.getByRole('button', { name: 'Go on' }).click();
    await proof.getByRole('alert').waitFor();
    await isClean(page, DIALOG);
    await proof.getByLabel('Password', { exact: true }).fill(lively.password);
    await proof.getByRole('button', { name: 'Go on' }).click();

    const shown = page.getByRole('dialog', { name: 'The grant ci-release' });
    const token = await shown.locator('code', { hasText: /^mcg_/ }).innerText();
    await shown.getByRole('button', { name: 'I have it' }).click();
    const whoami = async () =>
      (await fetch(`${lively.world.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await whoami(), 200);
    const row = page.getByRole('row').filter({ hasText: 'ci-release' });
    await row.getByText('Active').waitFor();
    await isClean(page, MAIN);
    await row.getByRole('button', { name: 'Revoke ci-release' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke it' }).click();
    await row.getByText('Revoked').waitFor();
    assert.equal(await whoami(), 401);
    // The refusals before the person had shown it are answers of the broker, which Chromium writes down.
    assert.deepEqual(
      complaints.filter((text) => !/status of 403/.test(text)),
      [],
    );
  });

  test('where browsers make no passkeys, the page says why instead of offering one', async () => {
    await ada.open('/me?tab=sign-in');
    await ada.page.getByText('Browsers make them for a host name over https alone').waitFor();
    assert.equal(await ada.page.getByRole('button', { name: 'Add a passkey' }).count(), 0);
    await isClean(ada.page, MAIN);
  });
});
