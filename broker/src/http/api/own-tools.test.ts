// A person's own tools and calls from a page in their browser, and for nobody else.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { startApiWorld, type ApiBrowser, type ApiWorld } from './fixtures/api-world.ts';

suite('own tools from a browser', () => {
  let world: ApiWorld;
  let mia: ApiBrowser;
  before(async () => {
    world = await startApiWorld();
    mia = await world.newPerson('mia', 'member');
  });
  after(() => world.close());

  test('are none where no rule allows any; a call of one is refused as an AI client would be, and says why', async () => {
    const listed = await mia.ask('GET', '/me/tools');
    assert.deepEqual([listed.status, listed.body], [200, { tools: [], silent: [] }]);
    const answer = meApi.call.answer.parse(await mia.change('POST', '/me/tools/call', { name: 'github__search' }));
    assert.equal(answer.is_error, true);
    assert.match(String(answer.content[0]?.['text']), /github__search/);
  });

  test('are not for a page of another site, nor for a token', async () => {
    const body = { name: 'github__search' };
    assert.equal((await mia.ask('POST', '/me/tools/call', { body })).status, 403, 'without the session’s token');
    const { token } = await world.admin.change('POST', '/admin-tokens', { label: 'x', role: 'admin' });
    const headers = { authorization: `Bearer ${String(token)}`, 'content-type': 'application/json' };
    for (const [method, path, status] of [
      ['GET', '/me/tools', 404],
      ['POST', '/me/tools/call', 404],
      ['GET', '/me/calls', 404],
    ] as const) {
      const asked = { method, headers, ...(method === 'POST' && { body: JSON.stringify(body) }) };
      assert.equal((await fetch(`${world.url}/api/v1${path}`, asked)).status, status, path);
    }
  });
});
