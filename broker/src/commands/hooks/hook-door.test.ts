// The door where decisions come back, of a real broker: who is not signed gets nothing from it, and what hooks wait for is in the metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { says, startAuthzServer } from '../../hooks/fixtures/authz-server.ts';
import { administration } from '../fixtures/administration.ts';

const KEY = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`;
const admin = administration(async (broker) => {
  await broker.json(['user', 'add', 'ada']);
  await broker.run(['secret', 'set', 'key'], KEY);
});

test('a decision is read where its signature is good, and whoever it is told why it is not decided', async (t) => {
  const receiver = await startAuthzServer(t, says({ ok: true }));
  const { url } = admin.broker;
  await admin.broker.json([
    ...[
      'hook',
      'add',
      'pager',
      '--url',
      receiver.url,
      '--secret',
      'key',
      '--signing-secret',
      'key',
      '--map',
      '42=user:ada',
    ],
  ]);
  const tested = Object(await admin.broker.json(['hook', 'test', 'pager'])) as Record<string, unknown>;
  assert.deepEqual([tested['decision'], receiver.asked.length], ['told', 1]);
  receiver.answer = (response: Parameters<typeof receiver.answer>[0]) => void response.writeHead(204).end();
  assert.match(
    await admin.broker.run(['hook', 'test', 'pager'], '').then(({ stdout }) => stdout),
    /^answered   no body$/m,
  );
  const body = JSON.stringify({
    type: 'approval.decision',
    data: { request: 'q_nothing2', decision: 'approve', by: '42' },
  });
  const post = async (at: string, headers: Record<string, string>, text = body) => {
    const response = await fetch(`${url}${at}`, { method: 'POST', headers, body: text });
    return { status: response.status, said: await response.text() };
  };
  const json = { 'content-type': 'application/json' };
  const signedAs = (id: string) => {
    const at = new Date();
    const signature = new Webhook(KEY).sign(id, at, body);
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return { ...json, 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  };
  const taken = await post('/hooks/default/pager', signedAs('m1'));
  assert.equal(taken.status, 409);
  assert.match(taken.said, /"decided":false,"text":"there is no request \\"q_nothing2\\"/);
  const refused = await post('/hooks/default/pager', json);
  assert.equal(refused.status, 401);
  const words = ({ said }: { said: string }) => said.replace(/"request_id":"[^"]*"/, '');
  for (const at of ['/hooks/default/nobody', '/hooks/nowhere/pager', '/hooks/default/authorize'])
    assert.equal(words(await post(at, signedAs(at))), words(refused), 'it does not tell which hooks there are');
  assert.equal((await post('/hooks/default/pager', signedAs('m1'))).status, 401, 'it came before');
  assert.equal((await post('/hooks/default/pager', { 'content-type': 'text/plain' })).status, 400);
  assert.equal((await post('/hooks/default/pager', json, 'x'.repeat(70_000))).status, 413);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /# TYPE mcpgate_deliveries_queued gauge/);
  assert.match(metrics, /# TYPE mcpgate_hook_answers_total counter/);
});
