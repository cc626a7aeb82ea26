import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, keysOf, RECEIPT_KEYS } from './fixtures/administration.ts';

const admin = administration(async (broker) => {
  for (const name of ['github', 'sentry']) {
    await broker.json(['server', 'add', name, '--url', `https://${name}.example.com/mcp`]);
  }
});

describe('grants', () => {
  test('show their token once, and end with a receipt', async () => {
    const issued = Object(
      await admin.broker.json(['grant', 'issue', '--label', 'ci', '--server', 'github,sentry', '--expires', '90d']),
    );
    assert.match(String(issued['token']), /^mcg_\S{22,}$/);
    const whoami = async (): Promise<Response> =>
      await fetch(`${admin.broker.url}/v1/whoami`, { headers: { authorization: `Bearer ${String(issued['token'])}` } });
    assert.deepEqual(await (await whoami()).json(), {
      user: 'grant:ci',
      workspace: 'default',
      device: null,
      credential: { kind: 'grant', id: issued['id'], label: 'ci' },
      servers: ['github', 'sentry'],
    });
    const list = await admin.rows('grant', 'list');
    assert.deepEqual(list[0]?.['servers'], ['github', 'sentry']);
    assert.ok(!JSON.stringify(list).includes(String(issued['token'])));
    const receipt = await admin.broker.json(['grant', 'revoke', String(issued['id'])]);
    assert.deepEqual(keysOf(receipt), RECEIPT_KEYS);
    assert.equal((await whoami()).status, 401);
  });

  test('need a label, servers that exist and a duration that is one', async () => {
    assert.equal((await admin.failure(['grant', 'issue', '--server', 'github'])).code, 2);
    assert.equal((await admin.failure(['grant', 'issue', '--label', 'x', '--server', 'absent'])).code, 1);
    for (const [expires, says] of [
      ['soon', /is not a duration/],
      ['4000d', /--expires: at most 10 years/],
    ] as const) {
      const args = ['grant', 'issue', '--label', 'x', '--server', 'github', '--expires', expires];
      const { code, stderr } = await admin.failure(args);
      assert.deepEqual([code, says.test(stderr)], [2, true], stderr);
    }
    for (const id of ['', '.', '..']) assert.equal((await admin.failure(['grant', 'revoke', id])).code, 2, id);
  });
});
