// The log at the dashboard, in Chromium on a real broker with real servers: what comes is there without a reload, a call tells its whole story, a filter is an
// address, an export holds what is shown, and the log is proved whole.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { AiClient } from '../world/clients/ai-client.ts';
import { isClean, MAIN, MENU } from './clean.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { holds, signIn, type AtDashboard } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

const AUDITOR = 'katherine.johnson';

const table = (page: Page) => page.getByRole('table', { name: 'Records of the log' });
const rowsWith = (page: Page, text: string) => table(page).getByRole('row').filter({ hasText: text });

/** The id of the denied call of the world, from the log itself. */
async function deniedId(lively: LivelyWorld): Promise<string> {
  const calls = (await lively.world.broker.json(['audit', 'search', '--decision', 'deny'])) as { id: string }[];
  return calls[0]?.id ?? assert.fail('no call was denied');
}

suite('the log at the dashboard', () => {
  let lively: LivelyWorld;
  let browser: Browser;
  let client: AiClient;
  let at: AtDashboard;
  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
    const { world } = lively;
    const laptop = world.laptop('barbaras-laptop');
    await laptop.login(
      world.url,
      async (code) => void (await world.broker.run(['login', 'approve', code, '--as', 'barbara.liskov'])),
    );
    client = await laptop.aiClient({ name: 'codex' });
    at = await signIn(browser, lively, AUDITOR);
  });
  after(async () => {
    await browser.close();
    await lively.close();
  });

  test('a call appears without a reload; while it is paused it is counted, and shown when it goes on', async () => {
    const { page, open } = at;
    await open('/log');
    await rowsWith(page, 'sentry__fail').first().waitFor();
    assert.equal(await rowsWith(page, 'barbara.liskov').filter({ hasText: 'sentry__echo' }).count(), 0);
    await client.call('sentry__echo', { text: 'as it happens' });
    await rowsWith(page, 'barbara.liskov').filter({ hasText: 'sentry__echo' }).waitFor();

    await page.getByRole('button', { name: 'Pause' }).click();
    await client.call('sentry__echo', { text: 'while paused' });
    await page.getByRole('button', { name: '1 new' }).waitFor();
    assert.equal(await rowsWith(page, 'barbara.liskov').filter({ hasText: 'sentry__echo' }).count(), 1);
    await page.getByRole('button', { name: '1 new' }).click();
    await holds(page, "document.body.innerText.includes('1 new') === false");
    assert.equal(await rowsWith(page, 'barbara.liskov').filter({ hasText: 'sentry__echo' }).count(), 2);
    assert.deepEqual(at.complaints, []);
  });

  test('filters are an address that shows the same to whoever opens it, and what comes is filtered too', async () => {
    const { page, open } = at;
    await open('/log');
    await page.getByLabel('Search', { exact: true }).fill('FAIL');
    await page.getByLabel('Decision', { exact: true }).first().click();
    await page.getByRole('option', { name: 'Denied', exact: true }).click();
    await page.waitForURL(/text=FAIL.*decision=deny|decision=deny.*text=FAIL/);
    await rowsWith(page, 'sentry__fail').waitFor();
    await holds(page, "document.querySelectorAll('[role=table] [data-row]').length === 1");
    const address = page.url();
    await client.call('sentry__echo', { text: 'does not fit' });
    await client.call('sentry__fail').catch(() => undefined);
    await holds(page, "document.querySelectorAll('[role=table] [data-row]').length === 2");

    const other = await signIn(browser, lively, 'grace.hopper');
    await other.page.goto(address);
    await rowsWith(other.page, 'sentry__fail').first().waitFor();
    assert.equal(await other.page.locator('[role=table] [data-row]').count(), 2);
    assert.equal(await other.page.getByLabel('Search', { exact: true }).inputValue(), 'FAIL');
    await other.close();
  });

  test('an export holds what the filter shows', async () => {
    const { page, open } = at;
    await open('/log?user=ada.lovelace&decision=deny&tool=sentry__*');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export what is shown' }).click();
    await isClean(page, MENU);
    await page.getByRole('menuitem', { name: /JSON lines/ }).click();
    const file = await download;
    assert.equal(file.suggestedFilename(), 'mcpgate-log.jsonl');
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      said.map(({ actor, tool_name: tool, decision }) => [actor, tool, decision]),
      [['ada.lovelace', 'sentry__fail', 'deny']],
    );
  });

  test('a denied call tells its rule, as it was and as it is, where it stands in the log, and all that the rule decided', async () => {
    const { page, open } = at;
    await open('/log?user=ada.lovelace&decision=deny&tool=sentry__fail');
    await table(page).getByRole('link').first().click();
    await page.getByRole('heading', { level: 1, name: 'sentry__fail' }).waitFor();
    await page.getByText('Why it was denied').waitFor();
    await page.getByText('deny everybody to call sentry__fail').waitFor();
    await page.getByText('not in production').waitFor();
    await page.getByText('Before it was sent').waitFor();
    await page.getByText('How it ended').waitFor();
    await isClean(page);
    await page.getByRole('link', { name: 'All calls that it decided' }).click();
    await rowsWith(page, 'barbara.liskov').first().waitFor();
    await page.getByText(/^Rule r_/).waitFor();
    assert.deepEqual(at.complaints, []);
  });

  test('what stood in the arguments is shown where it was kept, on a click that is an entry in the log; elsewhere it says that it was not', async () => {
    const { page, open } = at;
    const { broker } = lively.world;
    const readings = async () =>
      ((await broker.json(['audit', 'search', '--type', 'audit.arguments_shown'])) as { actor: string }[]).map(
        ({ actor }) => actor,
      );
    const story = async (user: string) => {
      await open(`/log?user=${user}&tool=sentry__echo`);
      await table(page).getByRole('link').first().click();
      await page.getByText('That is an entry in the log.').waitFor();
    };
    await story('ada.lovelace');
    await page.getByRole('button', { name: 'Show the arguments' }).click();
    await page.getByText('The log has the names alone').waitFor();

    await broker.run(['server', 'set', 'sentry', '--audit-arguments', 'full']);
    await client.call('sentry__echo', { text: 'the invoice of Lindbergh' });
    await story('barbara.liskov');
    assert.equal(await page.getByText('the invoice of Lindbergh').count(), 0);
    assert.deepEqual(await readings(), [AUDITOR]);
    await page.getByRole('button', { name: 'Show the arguments' }).click();
    await page.getByLabel('The arguments', { exact: true }).filter({ hasText: 'the invoice of Lindbergh' }).waitFor();
    await page.getByText('As the AI client sent them').waitFor();
    assert.deepEqual(await readings(), [AUDITOR, AUDITOR]);
    await isClean(page);
    assert.deepEqual(at.complaints, []);
  });

  test('a change shows what was before and after; the toast’s way into the log finds it', async () => {
    const { page, open } = at;
    await lively.world.broker.run(['user', 'set-role', 'radia.perlman', 'auditor']);
    await open('/log?subject=user%3Aradia.perlman');
    await table(page).getByRole('link').first().click();
    await page.getByText('What was changed').waitFor();
    assert.equal(await page.getByRole('cell', { name: 'member', exact: true }).count(), 1);
    assert.equal(await page.getByRole('cell', { name: 'auditor', exact: true }).count(), 1);
  });

  test('a version of a secret leads to everybody who called with it', async () => {
    const { page, open } = at;
    await open('/log?tool=sentry__progress');
    await table(page).getByRole('link').first().click();
    await page.getByRole('link', { name: /, version 2$/ }).click();
    await page.getByText('Calls that carried it').first().waitFor();
    const users = page.getByRole('table', { name: 'Who used it' });
    assert.equal(await users.getByRole('row').filter({ hasText: 'ada.lovelace' }).count(), 1);
    assert.equal(await users.getByRole('row').filter({ hasText: 'barbara.liskov' }).count(), 1);
  });

  test('the log is verified with its result, and the report for an audit is a page to print', async () => {
    const { page, open } = at;
    await open('/log/proof');
    await page.getByRole('button', { name: 'Verify the log' }).click();
    await page.getByText('The log is whole').waitFor();
    await page.getByText(/rows in 1 chain/).waitFor();
    await isClean(page, MAIN);

    // Against checkpoints from elsewhere: a file that has none, and one of a log that is not this one.
    const pick = async (text: string): Promise<void> => {
      const choosing = page.waitForEvent('filechooser');
      await page.getByRole('button', { name: /^Choose (?:checkpoints|others)$/ }).click();
      const file = { name: 'kept.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(text) };
      await (await choosing).setFiles(file);
      await page.getByText('With those of kept.jsonl').waitFor();
      await page.getByRole('button', { name: 'Verify the log' }).click();
    };
    await pick('{"not":"one"}\n');
    await page.getByText('kept.jsonl: line 1 is no checkpoint').waitFor();
    const head = { chain: 'of-another-log', hash: 'a'.repeat(64), seq: 7 };
    const statement = {
      ...{ at: new Date().toISOString(), chain: 'of-another-log', heads: [head], key: 'unknown', previous: null },
      ...{ type: 'mcpgate.checkpoint', v: 1 },
    };
    await pick(`${JSON.stringify({ signature: 'x', statement })}\n`);
    await page.getByText('The log is not whole').waitFor();
    await isClean(page, MAIN);
    await page.getByRole('button', { name: 'Without them' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Make the report' }).click();
    const text = await readFile(await (await download).path(), 'utf8');
    assert.match(text, /^<!doctype html>/i);
    assert.match(text, /sentry__fail/);
    // On a telephone its tables move sideways, and the page does not.
    const report = await page.context().newPage();
    await report.setViewportSize({ width: 390, height: 900 });
    await report.setContent(text);
    await holds(report, 'document.documentElement.scrollWidth <= 390');
    await isClean(report);
    await report.close();
    assert.deepEqual(at.complaints, []);
  });

  test('an operator has no log: the page is not offered, and the broker refuses it', async () => {
    const operator = await signIn(browser, lively, 'margaret.hamilton');
    assert.equal(
      await operator.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Log' }).count(),
      0,
    );
    await operator.page.goto(`${lively.world.url}/log/${await deniedId(lively)}`);
    await operator.page.getByText('This is not for your role').waitFor();
    await operator.close();
  });
});
