// All pages of a server's tool list, each tool as the text it was sent as.
import { GateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanArray, scanObject } from 'mcpgate-shared/json-span';
import { parseRecord, stringOf } from './json-rpc-guard.ts';
import { quoteForeign } from './quote-foreign.ts';
import type { UpstreamReply, UpstreamTool } from './upstream.ts';

const MAX_PAGES = 1_000;
const MAX_TOOLS = 20_000;

/** `list` sends `tools/list` with the given params. Throws GateError `upstream` where the list is no list. */
export async function listTools(
  serverName: string,
  list: (paramsText: string) => Promise<UpstreamReply>,
): Promise<readonly UpstreamTool[]> {
  const tools = new Map<string, UpstreamTool>();
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await list(cursor === undefined ? '{}' : JSON.stringify({ cursor }));
    if (reply.kind === 'error') {
      const message = stringOf(parseRecord(reply.text)?.['message']) ?? 'no reason given';
      throw new GateError('upstream', `server ${serverName} refused to list its tools: ${quoteForeign(message)}`);
    }
    const result = parseRecord(reply.text);
    const span = findMember(scanObject(reply.text).members, 'tools');
    if (result === undefined || span === undefined || !Array.isArray(result['tools'])) {
      throw new GateError('upstream', `server ${serverName} answered tools/list without a list of tools`);
    }
    for (const item of scanArray(reply.text, span.start)) {
      const text = onOneLine(reply.text.slice(item.start, item.end));
      const name = stringOf(parseRecord(text)?.['name']);
      // The first of a name counts; a tool without one cannot be called.
      if (name !== undefined && name !== '' && !tools.has(name)) tools.set(name, { name, text });
      if (tools.size > MAX_TOOLS)
        throw new GateError('upstream', `server ${serverName} lists more than ${MAX_TOOLS} tools`);
    }
    cursor = stringOf(result['nextCursor']);
    if (cursor === undefined) return [...tools.values()];
    if (seen.has(cursor)) throw new GateError('upstream', `the tool list of server ${serverName} runs in a circle`);
    seen.add(cursor);
  }
  throw new GateError('upstream', `the tool list of server ${serverName} has more than ${MAX_PAGES} pages`);
}
