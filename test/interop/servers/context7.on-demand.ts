// @upstash/context7-mcp on a local API: a server of the v2 SDK, which speaks both generations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../fake-api.ts';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

const KEY = 'ctx7sk-01234567-89ab-cdef-0123-456789abcdef';

test('the Context7 server asks its API with the real key; the laptop never has it', async (t) => {
  const library = { id: '/acme/app', title: 'Acme App', description: 'An app.', totalSnippets: 3 };
  const api = await startFakeApi(t, {
    accepts: KEY,
    answer: ({ path }) => (path.startsWith('/v2/libs/search') ? { results: [library] } : undefined),
  });
  const server = await openGatedServer(t, 'context7', () =>
    thirdParty('@upstash/context7-mcp', [], { CONTEXT7_API_KEY: KEY, CONTEXT7_API_URL: api.url }),
  );
  await server.assertSameLists();
  const query = { libraryName: 'acme app', query: 'how to start' };
  const answer = await server.client.call('context7__resolve-library-id', query);
  assert.equal(answer.isError, false, answer.text);
  assert.match(answer.text, /\/acme\/app/);

  assert.equal(await server.generation(), 'modern');
  const modern = await server.modernClient();
  const again = await modern.callTool({ name: 'context7__resolve-library-id', arguments: query });
  assert.match(JSON.stringify(again.content), /\/acme\/app/);
  assert.equal(api.refused, 0);
  server.assertNotOnLaptop(KEY);
});
