// Groups decide what rules allow: a change holds for clients that are connected, through the tunnel and over HTTP.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { createCountingWorld } from '../world/counting-world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';

test('who is taken out of a group may not call any more, and who is put back may, without connecting again', async (t) => {
  const { upstream, world } = await createCountingWorld(t, { open: false, direct: true });
  await world.broker.run(['rule', 'add', '--allow', '--who', 'group:eng', '--what', 'counting__*']);
  const ada = await world.member('ada', { groups: ['eng'] });
  const client = await ada.aiClient();
  const words = ['grant', 'issue', '--label', 'hers', '--server', 'counting', '--user', 'ada'];
  const { token } = (await world.broker.json(words)) as IssuedGrant;
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const transport = new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit });
  const http = new Client({ name: 'http-client', version: '1' });
  let told = () => {};
  const nextNotice = () => new Promise<void>((resolve) => (told = resolve));
  http.setNotificationHandler(ToolListChangedNotificationSchema, () => told());
  await http.connect(transport);
  t.after(() => http.close());
  assert.ok((await http.listTools()).tools.length > 0);
  assert.equal((await client.call('counting__echo', { text: 'in' })).isError ?? false, false);

  const [taken, seen] = [nextNotice(), upstream.calls.length];
  await world.broker.run(['group', 'remove', 'eng', 'ada']);
  const denied = await client.call('counting__echo', { text: 'out' });
  assert.match(denied.text, /^\[mcpgate denied\]/);
  const deniedHttp = await http.callTool({ name: 'counting__echo', arguments: { text: 'out' } });
  assert.equal(deniedHttp.isError, true);
  await taken;
  assert.deepEqual((await http.listTools()).tools, []);
  assert.deepEqual(await client.toolNames(), []);
  assert.equal(upstream.calls.length, seen, 'nothing was forwarded');

  await world.broker.run(['group', 'add', 'eng', 'ada']);
  assert.equal((await client.call('counting__echo', { text: 'back' })).text, 'back');
  const another = await ada.aiClient();
  assert.equal((await another.call('counting__echo', { text: 'on the same link' })).text, 'on the same link');
});
