// Taking access away: live links close, calls under way are cancelled, the next request is refused, on the upstream's side too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callRecord } from '../world/call-rows.ts';
import { shareWorld } from '../world/shared-world.ts';

const share = shareWorld();

interface Receipt {
  subject: string;
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  at: string;
}

test('`user disable` closes the live link, cancels the call under way and refuses the next request', async (t) => {
  const { upstream, world } = share(t);
  const [ada, grace] = [await world.member('ada'), await world.member('grace')];
  const [client, other] = [await ada.aiClient(), await grace.aiClient()];
  assert.equal((await other.call('counting__echo', { text: 'grace' })).text, 'grace');
  const held = client
    .call('counting__hold')
    .catch((error: unknown) => ({ isError: true, text: String(error), meta: {} }));
  await upstream.arrived('hold');

  const receipt = (await world.broker.json(['user', 'disable', 'ada'])) as Receipt;

  assert.deepEqual(
    { subject: receipt.subject, links: receipt.links_closed, calls: receipt.calls_cancelled },
    { subject: 'user:ada', links: 1, calls: 1 },
  );
  assert.ok(receipt.ms <= 1000 && receipt.tokens_revoked >= 1, JSON.stringify(receipt));
  await upstream.cancelled();
  const ended = await held;
  assert.equal(ended.isError, true);
  assert.match(ended.text, /^\[mcpgate\].*(revoked|disabled|cancelled)/s, 'its caller is told at once');
  await world.network.when(() => world.network.upgrades.open === 1);
  const seen = upstream.calls.length;
  const next = await client
    .call('counting__echo', { text: 'after' })
    .catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(next.isError, true);
  assert.match(next.text, /revoked|disabled|log in|login/i);
  assert.equal(upstream.calls.length, seen, 'nothing of hers reaches the upstream');
  const call = await ada.gate(['call', 'counting__echo', 'text=x']);
  assert.equal(call.code, 3, call.stderr);
  // She is told whom to ask, by the AI client, by commands, and also by a daemon that has never had a link.
  assert.match(next.text, /ada was disabled\); ask your platform team/);
  assert.match(call.stderr, /ask your platform team/);
  await ada.gate(['daemon', 'stop']);
  assert.match((await ada.gate(['status'])).stdout, /✗ tunnel .*ask your platform team/);
  assert.equal((await other.call('counting__echo', { text: 'still here' })).text, 'still here');
  const record = await callRecord(
    world.broker,
    ({ tool_name }) => tool_name === 'hold' || tool_name === 'counting__hold',
  );
  assert.equal(record.status, 'cancelled');
});

test('a disabled person cannot log in again; an enabled one can', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await world.broker.run(['user', 'disable', 'ada']);
  const login = ada.start(['login', world.network.url, '--json', '--no-browser']);
  const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
  const approval = await world.broker.cli(['login', 'approve', code, '--as', 'ada']);
  assert.notEqual(approval.code, 0);
  assert.match(approval.stderr, /disabled/);
  await login.stop('SIGINT');
  await world.broker.run(['user', 'enable', 'ada']);
  await world.login(ada);
  assert.equal(((await ada.gateJson(['status'])) as { user: string }).user, 'ada');
});

test('`device revoke` ends one laptop of a person and leaves the other', async (t) => {
  const { world } = share(t);
  const first = await world.member('ada');
  const clientOfFirst = await first.aiClient();
  await clientOfFirst.call('counting__echo', { text: 'first' });
  const second = world.laptop('ada-second');
  await second.login(world.network.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']));
  const clientOfSecond = await second.aiClient();
  await clientOfSecond.call('counting__echo', { text: 'second' });
  const devices = (await world.broker.json(['device', 'list'])) as { id: string; created_at: string }[];
  const oldest = devices.sort((a, b) => a.created_at.localeCompare(b.created_at))[0];
  assert.equal(devices.length, 2);

  const receipt = (await world.broker.json(['device', 'revoke', oldest?.id ?? ''])) as Receipt;

  assert.equal(receipt.links_closed, 1);
  assert.equal((await first.gate(['call', 'counting__echo', 'text=x'])).code, 3);
  assert.equal((await clientOfSecond.call('counting__echo', { text: 'lives' })).text, 'lives');
});

test('`logout` revokes at the broker, forgets on the laptop and closes the link', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await ada.aiClient();
  await world.network.when(() => world.network.upgrades.open === 1);
  const { code } = await ada.gate(['logout']);
  assert.equal(code, 0);
  await world.network.when(() => world.network.upgrades.open === 0);
  assert.ok(world.network.requests.some(({ path }) => path.startsWith('/oauth/revoke')));
  const after = await ada.gate(['tools']);
  assert.equal(after.code, 3);
  assert.match(after.stderr, /mcpgate login/);
});
