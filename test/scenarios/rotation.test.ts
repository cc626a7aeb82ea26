// A service token is replaced at the broker: the next call carries the new one, nothing is touched on any laptop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { filesHolding, fileTimes } from '../world/search.ts';

const OLD = 'svc_old_4f1c0d7e9a8b4c3d';
const NEW = 'svc_new_90ab12cd34ef56ab';

test('after `secret set` the next call carries the new value, and no file of the laptop changed', async (t) => {
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${OLD}`] });
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url, headers: { Authorization: `Bearer ${OLD}` } } },
  });
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  assert.equal((await client.call('counting__echo', { text: 'old' })).text, 'old');
  assert.equal(upstream.calls[0]?.headers.authorization, `Bearer ${OLD}`);
  const before = fileTimes(ada.home, /\.(json|yaml|toml)$/);

  const secret = await world.secretOf('counting');
  upstream.accepts = [`Bearer ${NEW}`];
  await world.broker.run(['secret', 'set', secret], { stdin: NEW });

  assert.equal((await client.call('counting__echo', { text: 'new' })).text, 'new');
  assert.equal(upstream.calls[1]?.headers.authorization, `Bearer ${NEW}`);
  assert.equal(upstream.refused, 0, 'the old value was never tried again');
  assert.deepEqual(fileTimes(ada.home, /\.(json|yaml|toml)$/), before);
  const versions = async (digestOf: number) =>
    (await callRecord(world.broker, ({ seq }) => seq > digestOf)).secret_versions;
  assert.deepEqual(await versions(0), [`${secret}@2`], 'the record says which version the call used');
});

test('a service token is nowhere in clear: not at the broker, not in an answer, not in `ps`', async (t) => {
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${OLD}`] });
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url, headers: { Authorization: `Bearer ${OLD}` } } },
  });
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  await client.call('counting__echo', { text: 'x' });
  const said = await Promise.all(
    [['server', 'show', 'counting'], ['server', 'list'], ['secret', 'list'], ['audit', 'search'], ['status']].map(
      (words) => world.broker.run([...words, '--json']),
    ),
  );
  for (const text of [...said, world.broker.output(), client.stderr()]) assert.ok(!text.includes(OLD));
  assert.deepEqual(filesHolding(world.root, [OLD]), []);
});

test('`secret set` refuses a value given as an argument, and an empty one', async (t) => {
  const world = await createWorld(t);
  const asArgument = await world.broker.cli(['secret', 'set', 'github', NEW]);
  assert.equal(asArgument.code, 2);
  assert.ok(!asArgument.stderr.includes(NEW), 'the value is not repeated');
  const empty = await world.broker.cli(['secret', 'set', 'github'], { stdin: '' });
  assert.equal(empty.code, 2);
});
