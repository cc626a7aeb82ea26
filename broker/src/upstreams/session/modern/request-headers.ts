// The headers of a request over Streamable HTTP from 2026-07-28 on. They repeat parts of the body (method, name, some arguments) for proxies
// between client and server.
import { MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import {
  headerParamsOf,
  headersFromArguments,
  headerValue,
  NAMED_BY,
  type HeaderParam,
} from '../../../mcp/repeated-headers.ts';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import type { ServerLists } from '../server-lists.ts';
import type { ListedItem } from '../../upstream.ts';

/** A function that returns the headers of a request, names and values in turn. `lists`: of the same connection. */
export function createRequestHeaders(lists: ServerLists): (method: string, paramsText: string) => Promise<string[]> {
  /** The tools that want parameters in headers, from the list that was read last. */
  let read: { tools: readonly ListedItem[]; byName: ReadonlyMap<string, readonly HeaderParam[]> } | undefined;

  async function paramsOf(tool: string): Promise<readonly HeaderParam[]> {
    // Where the tools cannot be listed, the call goes without such headers; a server that needs them answers with an error.
    const tools = lists.known('tools') ?? (await lists.get('tools', NEVER).catch(() => NO_TOOLS));
    if (read?.tools !== tools) read = { tools, byName: byName(tools) };
    return read.byName.get(tool) ?? [];
  }

  return async (method, paramsText) => {
    const headers = ['mcp-protocol-version', MODERN_VERSION, 'mcp-method', headerValue(method)];
    const member = NAMED_BY.get(method);
    if (member === undefined) return headers;
    const params = parseRecord(paramsText);
    const name = stringOf(params?.[member]);
    if (name === undefined) return headers;
    headers.push('mcp-name', headerValue(name));
    if (method === 'tools/call') headers.push(...headersFromArguments(await paramsOf(name), params?.['arguments']));
    return headers;
  };
}

function byName(tools: readonly ListedItem[]): ReadonlyMap<string, readonly HeaderParam[]> {
  const found = new Map<string, readonly HeaderParam[]>();
  for (const { key, text } of tools) {
    const params = headerParamsOf(text);
    if (typeof params !== 'string' && params.length > 0) found.set(key, params);
  }
  return found;
}

const NO_TOOLS: readonly ListedItem[] = [];
const NEVER = new AbortController().signal;
