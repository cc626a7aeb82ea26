// @notionhq/notion-mcp-server on a local API: it makes its tools from an OpenAPI document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../fake-api.ts';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

const OLD = 'ntn_old0123456789abcdefghijklmnopqrstuvwxyzABCD';
const NEW = 'ntn_new0123456789abcdefghijklmnopqrstuvwxyzABCD';

test('the Notion server asks its API with the real token, also after a rotation; the laptop never has it', async (t) => {
  const bot = { object: 'user', id: 'u1', name: 'mcpgate', type: 'bot' };
  const api = await startFakeApi(t, {
    accepts: OLD,
    answer: ({ path }) => (path === '/v1/users/me' ? bot : undefined),
  });
  const server = await openGatedServer(t, 'notion', () =>
    thirdParty('@notionhq/notion-mcp-server', [], { NOTION_TOKEN: OLD, BASE_URL: api.url }),
  );
  await server.assertSameLists();
  const call = () => server.client.call('notion__API-get-self');

  const answer = await call();
  assert.equal(answer.isError, false, answer.text);
  assert.deepEqual(JSON.parse(answer.text), bot);

  api.accepts = NEW;
  await server.rotate(NEW);
  assert.equal((await call()).isError, false);
  assert.deepEqual([api.requests.length, api.refused], [2, 0]);
  for (const token of [OLD, NEW]) server.assertNotOnLaptop(token);
});
