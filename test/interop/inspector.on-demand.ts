// The MCP Inspector's command line, over stdio (`mcpgate serve`) and over HTTP (`/mcp` with a grant's bearer header).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../world.ts';
import { runCommand } from '../world/command.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { GATE } from '../world/people/person.ts';
import { until } from '../world/until.ts';
import { thirdParty } from './third-party.ts';

/** Method, its arguments, and what the answer then holds. */
const REQUESTS: readonly [string, readonly string[], RegExp][] = [
  ['tools/list', [], /"everything__echo"/],
  ['tools/call', ['--tool-name', 'everything__echo', '--tool-arg', 'message=inspected'], /inspected/],
  ['resources/list', [], /"uri": "everything\+demo:/],
  ['resources/templates/list', [], /"uriTemplate": "everything\+demo:/],
  ['prompts/list', [], /"everything__args-prompt"/],
  ['prompts/get', ['--prompt-name', 'everything__args-prompt', '--prompt-args', 'city=Graz'], /Graz/],
];

test('the Inspector lists, calls, reads and gets prompts over stdio and over HTTP', async (t) => {
  const world = await createWorld(t, {
    direct: true,
    servers: { everything: thirdParty('@modelcontextprotocol/server-everything') },
  });
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  await until('the server has started', async () => (await client.toolNames()).length > 0);
  const { token } = (await world.broker.json([
    ...['grant', 'issue', '--label', 'inspector', '--server', 'everything'],
  ])) as IssuedGrant;
  const inspector = thirdParty('@modelcontextprotocol/inspector');
  const ways: Record<string, readonly string[]> = {
    stdio: [process.execPath, GATE, 'serve'],
    http: [`${world.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${token}`],
  };
  const inspect = async (way: readonly string[], words: readonly string[]) => {
    const command = [inspector.command, ...inspector.args, '--cli', ...way, '--method', ...words] as const;
    const { code, stdout, stderr } = await runCommand(command, { env: ada.env, cwd: ada.home });
    assert.equal(code, 0, `${words.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  };
  for (const [name, way] of Object.entries(ways)) {
    for (const [method, words, holds] of REQUESTS)
      assert.match(await inspect(way, [method, ...words]), holds, `${name}: ${method}`);
    const listed = await inspect(way, ['resources/list']);
    const uri = /"uri": "([^"]+)"/.exec(listed)?.[1] ?? '';
    assert.ok((await inspect(way, ['resources/read', '--uri', uri])).includes(uri), `${name}: resources/read`);
  }
});
