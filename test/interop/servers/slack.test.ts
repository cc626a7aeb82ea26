// @modelcontextprotocol/server-slack: the oldest SDK, a fixed host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApi } from '../fake-api.ts';
import { openGatedServer } from '../gated-server.ts';
import { startStandInHost } from '../stand-in-host.ts';
import { thirdParty } from '../third-party.ts';

// Put together, so that no scanner takes them for real ones.
const [OLD, NEW] = ['old', 'new'].map((word) => ['xoxb', '1234567890', `${word}Tok3nTok3nTok3nTok3n`].join('-'));

test('the Slack server posts with the real token, also after a rotation; the laptop never has it', async (t) => {
  assert.ok(OLD !== undefined && NEW !== undefined);
  const api = await startFakeApi(t, { accepts: OLD, answer: () => ({ ok: true, ts: '1.2' }) });
  const server = await openGatedServer(t, 'slack', async (folder) => {
    const host = await startStandInHost(t, { host: 'slack.com', folder, listener: api.listener });
    return thirdParty('@modelcontextprotocol/server-slack', [], {
      SLACK_BOT_TOKEN: OLD,
      SLACK_TEAM_ID: 'T012345',
      ...host.env,
    });
  });
  await server.assertSameLists();
  const post = (text: string) => server.client.call('slack__slack_post_message', { channel_id: 'C1', text });

  const answer = await post('grüße');
  assert.equal(answer.isError, false, answer.text);
  assert.deepEqual(JSON.parse(answer.text), { ok: true, ts: '1.2' });
  const [request] = api.requests;
  assert.equal(`${request?.host}${request?.path}`, 'slack.com/api/chat.postMessage');
  assert.deepEqual(JSON.parse(request?.body ?? ''), { channel: 'C1', text: 'grüße' });

  api.accepts = NEW;
  await server.rotate(NEW);
  assert.equal((await post('again')).isError, false);
  assert.deepEqual([api.requests.length, api.refused], [2, 0]);
  for (const token of [OLD, NEW]) server.assertNotOnLaptop(token);
});
