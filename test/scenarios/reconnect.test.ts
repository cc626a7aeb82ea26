// The link comes back by itself; only a definite answer asks for a login.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOfflineLaptop } from '../world/counting-world.ts';
import { shareWorld } from '../world/shared-world.ts';

const share = shareWorld();

test('a cut network: calls under way are answered once, after the link is back', async (t) => {
  const { upstream, world } = share(t);
  const client = await (await world.member('ada')).aiClient();
  await client.call('counting__echo', { text: 'before' });
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const { total } = world.network.upgrades;
  world.network.cut();
  upstream.release();
  world.network.restore();
  assert.equal((await held).text, 'released');
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
  assert.equal(world.network.upgrades.total, total + 1);
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'hold').length, 1, 'it was executed once');
});

test('a broker that was away and is back: the same client goes on', async (t) => {
  const { world } = share(t);
  const client = await (await world.member('ada')).aiClient();
  await client.call('counting__echo', { text: 'before' });
  await world.broker.stop();
  const during = client.call('counting__echo', { text: 'during' });
  await world.broker.start();
  assert.equal((await during).text, 'during');
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
});

test('a broker that is killed: the caller hears that the outcome is unknown, and nothing is called twice', async (t) => {
  const { upstream, world } = share(t);
  const client = await (await world.member('ada')).aiClient();
  const held = client
    .call('counting__hold')
    .catch((error: unknown) => ({ isError: true, text: String(error), meta: {} }));
  await upstream.arrived('hold');
  await world.broker.stop('SIGKILL');
  await world.broker.start();
  const answer = await held;
  assert.equal(answer.isError, true);
  assert.match(answer.text, /unknown/i);
  assert.equal(upstream.calls.length, 1);
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
});

test('a refresh that fails for a passing reason is tried again and asks nobody to log in', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await ada.gate(['daemon', 'stop']);
  const before = world.network.requests.length;
  world.network.failNext('/oauth/token', 2);
  const client = await ada.aiClient();
  await world.network.when(() => world.network.upgrades.open === 1);
  assert.ok((await client.toolNames()).includes('counting__echo'));
  assert.equal(
    world.network.requests.slice(before).filter(({ path, status }) => path === '/oauth/token' && status === 503).length,
    2,
  );
});

test('a refresh answer that is lost on its way logs nobody out', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await ada.gate(['daemon', 'stop']);
  world.network.loseNextAnswer('/oauth/token');
  await ada.aiClient();
  await world.network.when(() => world.network.upgrades.open === 1);
  const answers = world.network.requests.filter(
    ({ path, body }) => path === '/oauth/token' && body.includes('refresh_token'),
  );
  assert.deepEqual(
    answers.slice(-2).map(({ status }) => status),
    [200, 200],
  );
  await ada.gate(['daemon', 'stop']);
  assert.equal((await ada.gate(['tools'])).code, 0, 'the rotated token is good');
});

test('a stolen refresh token that was used already ends the whole login', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  const [stolen = ''] = [...world.network.tokens].filter((token) => token.length > 20);
  await ada.gate(['daemon', 'stop']);
  await ada.gate(['tools']);
  const used = world.network.requests.findLast(
    ({ path, body }) => path === '/oauth/token' && body.includes('refresh_token'),
  );
  const token = new URLSearchParams(used?.body ?? '').get('refresh_token') ?? stolen;
  const answer = await fetch(`${world.network.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, client_id: 'mcpgate-cli' }),
  });
  assert.equal(answer.status, 400);
  assert.equal(((await answer.json()) as { error: string }).error, 'invalid_grant');
  await ada.gate(['daemon', 'stop']);
  const after = await ada.gate(['tools']);
  assert.equal(after.code, 3, after.stdout + after.stderr);
  assert.match(await world.broker.run(['audit', 'search', '--json', '--events']), /reuse/);
});

test('without a broker, serve still shakes hands and lists what it knew, and a call says what to do', async (t) => {
  const { ada, known } = await createOfflineLaptop(share(t));
  const client = await ada.aiClient({ env: { MCPGATE_HOLD_SECONDS: '0' } });
  assert.deepEqual(await client.toolNames(), known);
  const answer = await client.call('counting__echo', { text: 'x' });
  assert.equal(answer.isError, true);
  assert.match(answer.text, /^\[mcpgate\] /);
});

test('without a login, serve shakes hands, lists nothing, and a call says how to log in', async (t) => {
  const { world } = share(t);
  const laptop = world.laptop('nobody');
  const client = await laptop.aiClient();
  assert.deepEqual(await client.toolNames(), []);
  const answer = await client
    .call('counting__echo', {})
    .catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(answer.isError, true);
  assert.match(answer.text, /mcpgate login/);
});
