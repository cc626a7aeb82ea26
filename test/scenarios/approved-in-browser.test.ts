// A call under a rule that asks, from the AI client to the server and back: official clients of both generations wait over `mcpgate serve`, and
// people decide on the page in Chromium.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { searchCalls, searchEvents } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { GATE, type Person } from '../world/people/person.ts';
import { createPersonAtBrowser } from '../world/people/signed-in.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const ASK = ['rule', 'add', '--ask', '--who', '*', '--what', 'counting__echo', '--approver'];

type Step = { message?: string | undefined };

/** A call that waits, and what the client hears meanwhile. */
interface Waiting {
  id: string;
  answer: Promise<{ isError: boolean; text: string }>;
}

const CLIENTS: Record<string, (t: TestContext, person: Person) => Promise<(text: string) => Promise<Waiting>>> = {
  async '2025-11-25'(_t, person) {
    const { sdk } = await person.aiClient({ name: 'waiting-client' });
    return async (text) =>
      await waiting((onprogress) => sdk.callTool(echo(text), undefined, { onprogress, timeout: 120_000 }));
  },
  async '2026-07-28'(t, person) {
    const client = new Client(
      { name: 'waiting-client', version: '7' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    t.after(() => client.close());
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [GATE, 'serve'], env: person.env }),
    );
    return async (text) => await waiting((onprogress) => client.callTool(echo(text), { onprogress, timeout: 120_000 }));
  },
};

const echo = (text: string) => ({ name: 'counting__echo', arguments: { text } });

async function waiting(call: (onprogress: (step: Step) => void) => Promise<object>): Promise<Waiting> {
  const heard = Promise.withResolvers<string>();
  const answer = call(({ message = '' }) => heard.resolve(message)).then((result) => {
    const { isError, content } = result as { isError?: boolean; content: { text?: string }[] };
    return { isError: isError === true, text: content.map(({ text }) => text ?? '').join('\n') };
  });
  const [, id = assert.fail('no progress')] =
    /^\[mcpgate\] request (q_\w+) waits for group:leads: decide at https?:\/\/\S+\/requests\/\1 or with `mcpgate-broker request approve \1`$/.exec(
      await Promise.race([heard.promise, answer.then(({ text }) => assert.fail(`it did not wait: ${text}`))]),
    ) ?? [];
  return { id, answer };
}

for (const [generation, connect] of Object.entries(CLIENTS))
  test(`a call of a client of ${generation} waits with progress, goes to its server once it is approved on the page, and never where it is denied`, async (t) => {
    const { upstream, world } = await createCountingWorld(t, { direct: true });
    await world.broker.run([...ASK, 'group:leads']);
    const grace = await createPersonAtBrowser(t, world, 'grace');
    await world.broker.run(['group', 'add', 'leads', 'grace']);
    const ada = await world.member('ada');
    const call = await connect(t, ada);

    const first = await call('mine');
    assert.deepEqual(upstream.calls, []);
    await grace.page.goto(`${world.url}/requests`);
    await grace.page.getByRole('link', { name: `Show ${first.id}` }).click();
    await grace.page.getByText('"text": "mine"').waitFor();
    await grace.page.getByRole('button', { name: 'Approve this call' }).click();
    await grace.page.getByText('It is approved').waitFor();
    assert.deepEqual(await first.answer, { isError: false, text: 'mine' });
    assert.deepEqual(
      upstream.calls.map(({ tool, arguments: args }) => [tool, args]),
      [['echo', { text: 'mine' }]],
    );

    const second = await call('mine');
    assert.notEqual(second.id, first.id, 'one approval is for one call');
    await grace.page.goto(`${world.url}/requests/${second.id}`);
    await grace.page.getByRole('button', { name: 'Deny' }).click();
    await grace.page.getByText('It is denied').waitFor();
    const denied = await second.answer;
    assert.ok(denied.isError);
    assert.match(denied.text, new RegExp(`^\\[mcpgate denied\\] .*grace denied request ${second.id}`));
    assert.equal(upstream.calls.length, 1);
    assert.deepEqual(grace.complaints, []);

    const calls = await until('both outcomes in the log', async () => {
      const found = await searchCalls(world.broker, ['--tool', 'counting__echo']);
      return found.length === 2 && found.every(({ latency_ms }) => latency_ms !== null) && found;
    });
    assert.deepEqual(
      calls.map(({ member, client_name, status, error_code }) => [member, client_name, status, error_code]),
      [
        ['ada', 'waiting-client', 'denied', 'approval_denied'],
        ['ada', 'waiting-client', 'ok', null],
      ],
    );
    const sides = await Promise.all(
      ['asked', 'approved', 'used', 'denied'].map(async (what) =>
        (await searchEvents(world.broker, `approval.${what}`)).map(
          ({ actor, subject }) => `${what} ${actor} ${subject}`,
        ),
      ),
    );
    assert.deepEqual(sides.flat().toSorted(), [
      ...[
        `approved grace request:${first.id}`,
        `asked ada request:${first.id}`,
        `asked ada request:${second.id}`,
      ].toSorted(),
      `denied grace request:${second.id}`,
      `used ada request:${first.id}`,
    ]);
  });

test('of two approvers one decides, and the other is told who; whoever asks decides only where the rule says so', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const { upstream, world } = await createCountingWorld(t, { direct: true, databaseUrl });
  const second = await startSecondBroker(t, world, databaseUrl);
  const { id: rule } = (await world.broker.json([...ASK, 'group:leads'])) as { id: string };
  const browsers = await Promise.all(['grace', 'linus', 'ada'].map((name) => createPersonAtBrowser(t, world, name)));
  const [grace = assert.fail(), linus = assert.fail(), asker = assert.fail()] = browsers;
  await world.broker.run(['group', 'add', 'leads', 'grace', 'linus', 'ada']);
  const ada = world.laptop('ada-laptop');
  await ada.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']));
  const call = (await CLIENTS['2025-11-25']?.(t, ada)) ?? assert.fail();

  const first = await call('for two');
  const page = `${world.url}/requests/${first.id}`;
  await asker.page.goto(page);
  await asker.page.getByText('request of your own').waitFor();
  assert.equal(await asker.page.getByRole('button', { name: 'Approve this call' }).count(), 0);
  for (const each of [grace, linus]) await each.page.goto(page);
  await Promise.all([
    grace.page.getByRole('button', { name: 'Approve this call' }).click(),
    linus.page.getByRole('button', { name: 'Approve this call' }).click(),
  ]);
  const said = await Promise.all(
    [grace, linus].map(async (each) => {
      await each.page.getByText(/It is approved|has approved q_\w+ already/).waitFor();
      return await each.page.locator('body').innerText();
    }),
  );
  const [{ actor: winner } = assert.fail('nobody has approved')] = await searchEvents(
    world.broker,
    'approval.approved',
  );
  assert.equal(said.filter((text) => text.includes('It is approved')).length, 1);
  assert.ok(
    said.some((text) => text.includes(`${winner} has approved ${first.id} already`)),
    said.join('\n'),
  );
  assert.equal((await first.answer).text, 'for two');
  assert.equal(upstream.calls.length, 1);

  const other = await call('for two brokers');
  const decided = await Promise.allSettled([
    world.broker.run(['request', 'approve', other.id]),
    second.run(['request', 'deny', other.id]),
  ]);
  const refusals = decided.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  assert.equal(refusals.length, 1);
  assert.match(refusals.join(), new RegExp(`host:\\S+ has (approved|denied) ${other.id} already`));
  const isApproved = decided[0].status === 'fulfilled';
  assert.equal((await other.answer).isError, !isApproved);
  assert.equal(upstream.calls.length, isApproved ? 2 : 1);

  await world.broker.run(['rule', 'remove', rule]);
  await world.broker.run([...ASK, 'group:leads', '--approver', 'self']);
  const before = upstream.calls.length;
  const own = ada.gate(['call', 'counting__echo', 'text=own'], { deadlineMs: 120_000 });
  const id = await until('the call to wait', async () => {
    const rows = (await world.broker.json(['request', 'list'])) as { id: string }[];
    return rows[0]?.id;
  });
  assert.equal(upstream.calls.length, before);
  await asker.page.goto(`${world.url}/requests/${id}`);
  await asker.page.getByRole('button', { name: 'Approve this call' }).click();
  await asker.page.getByText('It is approved').waitFor();
  assert.match((await own).stdout, /own/);
  assert.equal(upstream.calls.length, before + 1);
});
