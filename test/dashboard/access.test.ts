// The page Access, in Chromium on a real broker: what waits, rules, the matrix, enforcement, bundles, and why a call is decided as it is.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { AiClient } from '../world/clients/ai-client.ts';
import { openLivelyWorld, type LivelyWorld } from './lively-world.ts';
import { holds, signIn, type AtDashboard } from './person-at-dashboard.ts';
import { launchChromium } from '../world/browser/launch-chromium.ts';

suite('the page Access', () => {
  let lively: LivelyWorld;
  let browser: Browser;
  let grace: AtDashboard;
  let page: Page;
  let ada: AiClient;

  before(async () => {
    [lively, browser] = await Promise.all([openLivelyWorld(), launchChromium()]);
    const laptop = lively.world.laptop('adas-desktop');
    await laptop.login(
      lively.world.url,
      async (code) => void (await lively.world.broker.run(['login', 'approve', code, '--as', 'ada.lovelace'])),
    );
    [grace, ada] = await Promise.all([signIn(browser, lively, 'grace.hopper'), laptop.aiClient({ name: 'cursor' })]);
    ({ page } = grace);
  });
  after(async () => {
    const { complaints } = grace;
    await browser.close();
    await lively.close();
    // The broker refuses one rule, as it should.
    assert.deepEqual(
      complaints.filter((each) => !/\/api\/v1\/rules\/(?:preview|r_\w+)$/.test(each)),
      [],
    );
  });

  const rules = async () =>
    (await lively.world.broker.json(['rule', 'list'])) as {
      id: string;
      effect: string;
      what: string[];
      note: string | null;
    }[];
  const words = async (label: string, ...texts: string[]): Promise<void> => {
    for (const text of texts) {
      await page.getByLabel(label, { exact: true }).fill(text);
      await page.keyboard.press('Enter');
    }
  };

  test('a rule is built as a sentence or written as text, tried out on people and recorded calls, and added', async () => {
    await grace.open('/access?tab=rules');
    await page.getByRole('link', { name: 'Add a rule' }).click();
    await page.getByRole('heading', { level: 1, name: 'A new rule' }).waitFor();
    await page.getByText('Ask first', { exact: true }).click();
    await words('Who', 'user:ada.lovelace');
    await words('may use', 'sentry__echo');
    await words('after a yes of', 'group:platform');
    await page.getByText('ask group:platform before user:ada.lovelace may call sentry__echo').waitFor();

    // The same rule as text, with a mistake that is marked where it stands.
    await page.getByText('Text', { exact: true }).click();
    const text = page.getByLabel('The rule as text');
    await text.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('limit: [10/fortnight]\n');
    await page.getByRole('alert').getByText('"10/fortnight" is no limit').waitFor();
    await holds(page, "document.querySelector('.cm-lintRange-error')?.textContent === '10/fortnight'");
    for (let at = 0; at < 'limit: [10/fortnight]\n'.length; at += 1) await page.keyboard.press('Backspace');
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    await page.getByText('Sentence', { exact: true }).click();

    await page.getByLabel('when', { exact: true }).fill('args.text = "x"');
    await page.getByRole('button', { name: 'See what it changes' }).click();
    await page.getByText('the condition cannot be used').first().waitFor();
    await page.getByLabel('when', { exact: true }).fill('');
    await page.getByRole('button', { name: 'See what it changes' }).click();
    const preview = page.getByRole('region', { name: 'What it would change' });
    await preview.getByText('Closes').waitFor();
    await preview.getByText('allowed before, asks first after').first().waitFor();
    await preview.getByText(/^user:ada\.lovelace: sentry__echo, 6 calls/).waitFor();
    assert.equal((await rules()).filter(({ what }) => what.includes('sentry__echo')).length, 0, 'nothing is saved yet');
    await page.getByRole('button', { name: 'Add the rule' }).click();
    await page.getByText(/^The rule r_\w+ was added/).waitFor();
    const [added] = (await rules()).filter(({ what }) => what.includes('sentry__echo'));
    assert.equal(added?.effect, 'ask');
  });

  test('a call that waits appears by itself; approved it goes on once, denied it never arrives and its client is told the reason', async () => {
    await grace.open('/access');
    const before = lively.sentry.calls.length;
    const call = ada.call('sentry__echo', { text: 'gift cards' });
    const waiting = page.getByRole('region', { name: 'user:ada.lovelace wants to call sentry__echo' });
    await waiting.getByText('"text": "gift cards"').waitFor();
    await waiting.getByText(/ · cursor · 127\.0\.0\.1$/).waitFor();
    assert.equal(lively.sentry.calls.length, before);
    await waiting.getByRole('button', { name: 'Approve once' }).click();
    assert.equal((await call).text, 'gift cards');
    assert.equal(lively.sentry.calls.length, before + 1);
    await waiting.waitFor({ state: 'hidden' });

    const second = ada.call('sentry__echo', { text: 'all of them' });
    await waiting.getByRole('button', { name: 'Deny it…' }).click();
    await page.getByLabel('Reason').fill('not on a Friday');
    await page.getByRole('button', { name: 'Deny it', exact: true }).click();
    assert.match((await second).text, /^\[mcpgate denied\] .*"not on a Friday"/);
    assert.equal(lively.sentry.calls.length, before + 1);
    const decided = page.getByRole('table', { name: 'Decided requests' });
    await decided.getByText('not on a Friday').waitFor();
    await decided.getByText('Approved and used').waitFor();
    assert.match((await decided.getByRole('link').first().getAttribute('href')) ?? '', /^\/log\?subject=request%3Aq_/);
  });

  test('a cell of the matrix names the rule that a real call is decided by; the keyboard leads through it, and the address filters', async () => {
    const denied = await ada.call('sentry__fail');
    const [, rule = assert.fail(denied.text)] = /Rule: (r_\w+)/i.exec(denied.text) ?? [];
    await grace.open('/access?tab=matrix&person=ada&server=sentry');
    const grid = page.getByRole('grid', { name: 'Who can do what' });
    await grid.getByRole('gridcell', { name: 'user:ada.lovelace, sentry__fail: denied' }).click();
    const why = page.getByRole('dialog', { name: 'Why' });
    await why.getByRole('link', { name: rule }).waitFor();
    await why.getByText('deny everybody to call sentry__fail').waitFor();
    await page.keyboard.press('Escape');
    await why.waitFor({ state: 'hidden' });

    await grid.getByRole('gridcell', { name: /sentry__echo: asks first/ }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await why.getByText('sentry__progress').waitFor();
    await page.keyboard.press('Escape');
    await why.waitFor({ state: 'hidden' });

    await grace.open(`/access?tab=why&who=user:ada.lovelace&what=sentry__fail`);
    const answer = page.getByRole('region', { name: 'The answer' });
    await answer.getByRole('link', { name: rule }).waitFor();
    await answer.getByText('denied', { exact: true }).waitFor();
  });

  test('of 10,000 people and 1,000 tools only what is in sight is drawn and asked for, and the keyboard reaches the last cell', async () => {
    const asked: string[] = [];
    await page.route('**/api/v1/rules/matrix?*', async (route) => {
      const query = new URL(route.request().url()).searchParams;
      const part = (name: string, most: number, label: (at: number) => string): string[] => {
        const from = Number(query.get(`${name}_from`) ?? 0);
        const count = Math.min(Number(query.get(`${name}_most`) ?? most), most - from);
        return Array.from({ length: count }, (_, at) => label(from + at));
      };
      const who = part('people', 10_000, (at) => `user:person-${at}`);
      const what = part('things', 1_000, (at) => `server-${Math.floor(at / 20)}__tool_${at}`);
      if (who.length > 0 && what.length > 0) asked.push(query.toString());
      const rows = [0, 1, 2].map((look) => ({
        who: who.filter((_, at) => at % 3 === look),
        what,
        decisions: [(['allow', 'deny', 'ask'] as const)[look]],
        rules: [`r_${look}`],
      }));
      await route.fulfill({
        json: {
          policy_version: 1,
          enforcement: 'enforce',
          people: 10_000,
          things: 1_000,
          never_listed: [],
          rows,
          shown: { who, what },
        },
      });
    });
    await grace.open('/access?tab=matrix');
    const grid = page.getByRole('grid', { name: 'Who can do what' });
    await grid.getByRole('gridcell', { name: 'user:person-0, server-0__tool_0: allowed' }).focus();
    assert.ok((await grid.getByRole('gridcell').count()) < 3_000);
    await page.keyboard.press('Control+End');
    await grid.getByRole('gridcell', { name: 'user:person-9999, server-49__tool_999: allowed' }).waitFor();
    await holds(
      page,
      "document.activeElement?.getAttribute('aria-label')?.startsWith('user:person-9999, server-49__tool_999') === true",
    );
    assert.ok(asked.length < 40, `${asked.length} parts of 2,000 were asked for`);

    // A key that is pressed just when cells were drawn leads the focus too.
    await page.keyboard.press('Control+Home');
    await holds(page, "document.activeElement?.dataset.cell === '0 0'");
    await page.evaluate(`new Promise((done) => {
      const box = document.querySelector('[role=grid]');
      new MutationObserver((changes, observer) => {
        if (!changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.matches?.('[role=gridcell]')))) return;
        observer.disconnect();
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', ctrlKey: true, bubbles: true }));
        done();
      }).observe(box, { childList: true, subtree: true });
      box.scrollTop = 400;
    })`);
    await holds(page, "document.activeElement?.dataset.cell === '9999 999'");

    // Scrolled fast, no frame makes more cells than it has time for; then they are all there.
    const [most, made] = await page.evaluate<[number, number]>(`(async () => {
      const box = document.querySelector('[role=grid]');
      const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      let added = 0;
      const observer = new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const node of addedNodes)
            if (node instanceof Element) added += node.matches('[role=gridcell]') ? 1 : node.querySelectorAll('[role=gridcell]').length;
      });
      observer.observe(box, { childList: true, subtree: true });
      const counts = [];
      box.scrollTop = 0;
      await frame();
      for (let step = 0; step < 20; step += 1) {
        added = 0;
        box.scrollTop += 1500;
        await frame();
        counts.push(added);
      }
      observer.disconnect();
      return [Math.max(...counts), counts.reduce((sum, count) => sum + count, 0)];
    })()`);
    assert.ok(made > 0, 'it is drawn while it moves');
    assert.ok(most < 1_500, `${most} cells were made in one frame`);
    await holds(
      page,
      "[...document.querySelectorAll('[role=grid] [role=row]')].slice(1).every((row) => row.querySelectorAll('[role=gridcell]').length > 20)",
    );
    await page.unroute('**/api/v1/rules/matrix?*');
  });

  test('a bundle is added and changed; enforcement is switched off only by who types it, and the page says so from then on', async () => {
    await grace.open('/access?tab=bundles');
    await page.getByRole('button', { name: 'Add a bundle' }).click();
    await page.getByLabel('Name').fill('triage');
    await page.getByPlaceholder('github__list_issues').fill('sentry__echo');
    await page.getByLabel('Called').fill('say');
    await page.getByLabel('Fixed arguments').fill('{ "text": "hello" }');
    await page.getByRole('button', { name: 'Add the bundle' }).click();
    await page.getByRole('table', { name: 'Bundles' }).getByRole('link', { name: 'triage' }).click();
    await page.getByLabel('Called').fill('speak');
    await page.getByRole('button', { name: 'Save the bundle' }).click();
    await page.getByText('The bundle triage was changed').waitFor();
    const shown = Object(await lively.world.broker.json(['bundle', 'show', 'triage']));
    assert.deepEqual(
      shown.tools.map(({ name, fixed }: { name: string; fixed: unknown }) => ({ name, fixed })),
      [{ name: 'speak', fixed: { text: 'hello' } }],
    );
    await page.getByRole('button', { name: 'Remove the bundle triage' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the bundle' }).click();
    await page.getByText('No bundle yet').waitFor();

    await grace.open('/access?tab=rules');
    await page.getByText('Off', { exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Turn the rules off?' });
    await question.getByText('Opens').first().waitFor();
    const go = question.getByRole('button', { name: 'Turn the rules off' });
    assert.equal(await go.isDisabled(), true);
    await question.getByRole('textbox').fill('off');
    await go.click();
    await page.getByText('Rules are not asked').first().waitFor();
    assert.deepEqual(Object(await lively.world.broker.json(['enforcement'])).enforcement, 'off');
    await page.getByText('Enforce', { exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Enforce the rules' }).click();
    await page.getByText('Enforcement is enforce now').waitFor();
  });

  test('a rule is changed in its place, where nobody else has changed it since it was opened, and removed after a question that shows what that does', async () => {
    const [rule = assert.fail('no rule')] = (await rules()).filter(({ note }) => note === 'not in production');
    await grace.open(`/access/rules/${rule.id}`);
    await words('except', 'group:platform');
    await page.getByRole('button', { name: 'See what it changes' }).click();
    const preview = page.getByRole('region', { name: 'What it would change' });
    await preview.getByText('Opens').waitFor();
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await page.getByText(`The rule ${rule.id} was changed`).waitFor();
    const [changed = assert.fail('it is gone')] = (await rules()).filter(({ note }) => note === 'not in production');
    assert.equal(changed.id, rule.id);

    await grace.open(`/access/rules/${rule.id}`);
    await words('except', 'group:other');
    await lively.world.broker.json(['rule', 'edit', rule.id, '--observe']);
    await page.getByRole('button', { name: 'See what it changes' }).click();
    await page.getByRole('button', { name: 'Save the rule' }).click();
    await page.getByText('Somebody else changed it').first().waitFor();
    await lively.world.broker.json(['rule', 'edit', rule.id, '--no-observe']);
    await grace.open('/access?tab=rules');
    await page.getByRole('button', { name: /^Remove deny everybody/ }).click();
    const question = page.getByRole('dialog');
    await question.getByText('Opens').waitFor();
    await question.getByRole('button', { name: 'Remove the rule' }).click();
    await page.getByText(`The rule ${changed.id} was removed`).waitFor();
    assert.equal((await rules()).filter(({ note }) => note === 'not in production').length, 0);
  });

  test('an operator writes rules with the names of people and groups, and gets nothing else of them', async () => {
    const operator = await signIn(browser, lively, 'margaret.hamilton');
    await operator.open('/access/rules/new');
    await operator.page.getByLabel('Who', { exact: true }).fill('katherine');
    await operator.page.getByRole('option', { name: 'user:katherine.johnson' }).waitFor();
    const ask = (path: string) =>
      operator.page.evaluate<{ status: number; body: unknown }>(
        `fetch('/api/v1/${path}').then(async (answer) => ({ status: answer.status, body: await answer.json() }))`,
      );
    const { body } = await ask('rules/names');
    const { people, groups, ...rest } = Object(body) as Record<string, string[]>;
    assert.deepEqual(rest, {});
    for (const name of [...(people ?? []), ...(groups ?? [])]) assert.match(name, /^(?:(?:user|grant):)?[\w.-]+$/);
    assert.ok(people?.includes('user:katherine.johnson') === true && groups?.includes('security') === true);
    for (const path of ['users', 'users/katherine.johnson', 'groups'])
      assert.equal((await ask(path)).status, 403, path);
    for (const path of ['devices', 'sessions', 'grants'])
      assert.doesNotMatch(JSON.stringify((await ask(path)).body), /ada\.lovelace|grace\.hopper/, path);
    await operator.close();
  });

  test('a member has no page Access, and a person who does not decide a request is told so', async () => {
    const member = await signIn(browser, lively, 'radia.perlman');
    await member.page.goto(`${lively.world.url}/access?tab=rules`);
    await member.page.getByText('This is not for your role').first().waitFor();
    await member.close();
  });
});
