// Reads all pages of `tools/list` for commands.
import { member } from 'mcpgate-shared/member';
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { McpSession } from './mcp-session.ts';

export interface ListedTool {
  name: string;
  description: string;
  /** The tool's JSON Schema, parsed. */
  inputSchema: unknown;
  /** The tool's entry as the JSON text that was received. */
  text: string;
}

/** More pages than any broker has, so that a cursor which goes in circles ends. */
const MAX_PAGES = 1_000;

export async function listTools(session: McpSession, signal: AbortSignal): Promise<ListedTool[]> {
  const tools: ListedTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await session.request('tools/list', cursor === undefined ? {} : { cursor }, { signal });
    const list = findMember(scanObject(answer.text).members, 'tools');
    if (list !== undefined) {
      for (const { start, end } of scanArray(answer.text, list.start))
        tools.push(parseTool(answer.text.slice(start, end)));
    }
    const next: unknown =
      typeof answer.result === 'object' && answer.result !== null
        ? Reflect.get(answer.result, 'nextCursor')
        : undefined;
    if (typeof next !== 'string') break;
    cursor = next;
  }
  return tools;
}

function parseTool(text: string): ListedTool {
  const value: unknown = JSON.parse(text);
  const name = member(value, 'name');
  const description = member(value, 'description');
  return {
    name: typeof name === 'string' ? name : '',
    description: typeof description === 'string' ? description : '',
    inputSchema: member(value, 'inputSchema'),
    text,
  };
}
