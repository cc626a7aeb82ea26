// @sentry/mcp-server on a local API, as a self-hosted Sentry is used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../fake-api.ts';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

const OLD = 'sntryu_0ld0123456789abcdef0123456789abcdef0123456789abcdef0123456789';
const NEW = 'sntryu_n3w0123456789abcdef0123456789abcdef0123456789abcdef0123456789';

test('the Sentry server asks its host with the real token, also after a rotation; the laptop never has it', async (t) => {
  const me = { id: '42', name: 'Ada', email: 'ada@example.com' };
  const api = await startFakeApi(t, { accepts: OLD, answer: ({ path }) => (path === '/api/0/auth/' ? me : undefined) });
  const host = new URL(api.url).host;
  const server = await openGatedServer(t, 'sentry', () =>
    thirdParty('@sentry/mcp-server', [`--host=${host}`, '--insecure-http'], { SENTRY_ACCESS_TOKEN: OLD }),
  );
  await server.assertSameLists();
  const call = () => server.client.call('sentry__execute_sentry_tool', { name: 'whoami', arguments: {} });

  const answer = await call();
  assert.equal(answer.isError, false, answer.text);
  assert.match(answer.text, /ada@example\.com/);

  api.accepts = NEW;
  await server.rotate(NEW);
  assert.equal((await call()).isError, false);
  assert.equal(api.refused, 0);
  for (const token of [OLD, NEW]) server.assertNotOnLaptop(token);
});
