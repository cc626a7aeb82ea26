// @modelcontextprotocol/server-github: the oldest SDK, 26 tools, a fixed host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../fake-api.ts';
import { openGatedServer } from '../gated-server.ts';
import { startStandInHost } from '../stand-in-host.ts';
import { thirdParty } from '../third-party.ts';

const OLD = 'ghp_0ldOldOldOldOldOldOldOldOldOldOldOld';
const NEW = 'ghp_newNewNewNewNewNewNewNewNewNewNewNew';

test('the GitHub server gets the real token, from clients of both generations and after a rotation; the laptop never has it', async (t) => {
  const api = await startFakeApi(t, {
    accepts: OLD,
    answer: ({ path }) => (path.startsWith('/repos/acme/app/issues') ? [{ number: 7, title: 'leaks' }] : undefined),
  });
  const server = await openGatedServer(t, 'github', async (folder) => {
    const host = await startStandInHost(t, { host: 'api.github.com', folder, listener: api.listener });
    return thirdParty('@modelcontextprotocol/server-github', [], { GITHUB_PERSONAL_ACCESS_TOKEN: OLD, ...host.env });
  });
  await server.assertSameLists();
  assert.equal((await server.client.toolNames()).length, 26);
  const call = () => server.client.call('github__list_issues', { owner: 'acme', repo: 'app' });

  const answer = await call();
  assert.equal(answer.isError, false, answer.text);
  assert.deepEqual(JSON.parse(answer.text), [{ number: 7, title: 'leaks' }]);
  assert.equal(api.requests[0]?.host, 'api.github.com');
  const secret = await server.world.secretOf('github');
  assert.deepEqual(await server.recorded('github__list_issues'), ['ok', [`${secret}@1`]]);

  const missing = { owner: 'acme', repo: 'app', pull_number: 1 };
  await assert.rejects(server.client.call('github__get_pull_request', missing), /Not Found/);

  assert.equal(await server.generation(), 'legacy');
  const modern = await server.modernClient();
  const issues = { name: 'github__list_issues', arguments: { owner: 'acme', repo: 'app' } };
  assert.match(JSON.stringify((await modern.callTool(issues)).content), /leaks/);

  api.accepts = NEW;
  await server.rotate(NEW);
  assert.equal((await call()).isError, false);
  assert.equal(api.requests.length, 4);
  assert.equal(api.refused, 0, 'the old token was not tried again');
  for (const token of [OLD, NEW]) server.assertNotOnLaptop(token);
});
