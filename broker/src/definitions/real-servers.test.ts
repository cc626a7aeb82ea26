// What published servers say of their tools raises no alarm: whoever is alarmed by honest texts reads none of them. Each server is started as an AI
// client starts it, and all that it lists is looked at beside the tools of all others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { thirdParty } from 'mcpgate-test/interop/third-party';
import type { DefinitionKind } from '../domain/definition.ts';
import { isRecord, parseRecord, stringOf, type JsonRecord } from '../mcp/json-rpc-guard.ts';
import { flagsOf } from './flags.ts';
import { createOtherTools } from './look-alike.ts';

const SERVERS = {
  everything: thirdParty('@modelcontextprotocol/server-everything'),
  filesystem: thirdParty('@modelcontextprotocol/server-filesystem', [tmpdir()]),
  memory: thirdParty('@modelcontextprotocol/server-memory'),
  github: thirdParty('@modelcontextprotocol/server-github', [], { GITHUB_PERSONAL_ACCESS_TOKEN: 'none' }),
  postgres: thirdParty('@modelcontextprotocol/server-postgres', ['postgres://127.0.0.1/none']),
  thinking: thirdParty('@modelcontextprotocol/server-sequential-thinking'),
  slack: thirdParty('@modelcontextprotocol/server-slack', [], { SLACK_BOT_TOKEN: 'xoxb-none', SLACK_TEAM_ID: 'T0' }),
  notion: thirdParty('@notionhq/notion-mcp-server', [], { NOTION_TOKEN: 'ntn_none' }),
};

const LISTS = [
  ['tools', 'tools/list', 'tools', 'name'],
  ['prompts', 'prompts/list', 'prompts', 'name'],
  ['templates', 'resources/templates/list', 'resourceTemplates', 'uriTemplate'],
] as const;

interface Seen {
  server: string;
  kind: DefinitionKind;
  name: string;
  value: JsonRecord;
}

async function seenOf(server: string, { command, args, env }: ReturnType<typeof thirdParty>): Promise<Seen[]> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  let last = 0;
  const ask = async (method: string, params: object): Promise<JsonRecord | undefined> => {
    const id = ++last;
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    for (;;) {
      const [line] = (await once(lines, 'line')) as [string];
      const message = parseRecord(line);
      if (message?.['id'] === id) return isRecord(message['result']) ? message['result'] : undefined;
    }
  };
  const clientInfo = { name: 'test', version: '1' };
  const hello = await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  assert.ok(hello !== undefined, server);
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  const instructions = { instructions: stringOf(hello['instructions']) ?? '' };
  const seen: Seen[] = [{ server, kind: 'instructions', name: '', value: instructions }];
  for (const [kind, method, member, key] of LISTS) {
    const list = (await ask(method, {}))?.[member];
    for (const value of Array.isArray(list) ? list : [])
      if (isRecord(value)) seen.push({ server, kind, name: stringOf(value[key]) ?? '', value });
  }
  const ended = once(child, 'exit');
  child.kill();
  await ended;
  return seen;
}

it('raises no alarm', async () => {
  const all: Seen[] = [];
  for (const [server, entry] of Object.entries(SERVERS)) all.push(...(await seenOf(server, entry)));
  assert.ok(all.filter(({ kind }) => kind === 'tools').length > 80, `${all.length}`);
  const flagged = all.flatMap(({ server, kind, name, value }) => {
    const tools = all.filter((each) => each.kind === 'tools' && each.server !== server);
    const text = JSON.stringify(value);
    return flagsOf(kind, name, { text, value }, createOtherTools(tools)).map((flag) => ({ server, name, ...flag }));
  });
  assert.deepEqual(
    flagged.filter(({ isAlarm }) => isAlarm),
    [],
  );
  assert.ok(flagged.length <= 4, JSON.stringify(flagged));
});
