// The tool that a test of a server calls, where somebody has named it who is no administrator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from 'mcpgate-test/upstreams/counting-upstream';
import { administration } from './fixtures/administration.ts';

const admin = administration();

test('a probe that an operator names calls nothing that does not say of itself that it is read-only', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const issued = await admin.broker.json(['admin-token', 'issue', '--label', 'ops', '--role', 'operator']);
  const token = String(Object(issued)['token']);
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${admin.broker.url}/api/v1/servers${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  };
  const probe = { tool: 'echo', arguments: { text: 'delete it all' } };
  const refused = /the tool echo does not say of itself that it is read-only, .*an administrator/;
  await ask('POST', '', { name: 'web', transport: { kind: 'http', url: upstream.url }, probe });
  assert.match(JSON.stringify(await ask('POST', '/web/test')), refused);
  await admin.broker.json(['server', 'add', 'other', upstream.url]);
  await ask('PATCH', '/other', { probe });
  assert.match(JSON.stringify(await ask('POST', '/other/test')), refused);
  await admin.broker.run(['server', 'set', 'other', '--isolation', 'per-user']);
  assert.match(JSON.stringify(await ask('POST', '/other/test')), refused, 'whoever changes something else of it');
  assert.equal(upstream.calls.length, 0);

  await admin.broker.json(['server', 'set', 'other', '--no-probe']);
  await admin.broker.json(['server', 'set', 'other', '--probe', 'echo', '--probe-args', '{"text":"whoami"}']);
  await ask('PATCH', '/other', { probe: { tool: 'echo', arguments: { text: 'whoami' } }, isolation: 'shared' });
  await ask('POST', '/other/test');
  assert.deepEqual(
    upstream.calls.map((call) => call.arguments),
    [{ text: 'whoami' }],
    'an administrator has named it',
  );
  const events = await admin.rows('audit', 'search', '--events', '--type', 'server.probed');
  const digests = events.map(({ data }) => String(Object(data)['arguments_sha256']));
  assert.ok(digests.length > 0 && digests.every((digest) => /^[0-9a-f]{64}$/.test(digest)));
  assert.equal(new Set(digests).size, 2, 'what it was called with is told apart in the log');
  assert.doesNotMatch(JSON.stringify(events), /whoami|delete it all/);
});
