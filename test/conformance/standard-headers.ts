// The header rules of 2026-07-28 for the HTTP in front of `mcpgate serve`: what a request says in its body it repeats in its headers.
import type { JSONRPCRequest } from '@modelcontextprotocol/server';

/** The error code of a header that is missing or says something else. */
export const HEADER_MISMATCH = -32020;

/** Which parameter `Mcp-Name` repeats. */
const NAMED_BY: Record<string, string> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** What is wrong with the headers of a request; undefined where nothing is. `header` reads one by its lower-case name. */
export function wrongHeader(request: JSONRPCRequest, header: (name: string) => string | undefined): string | undefined {
  if (header('mcp-protocol-version') === undefined) return 'MCP-Protocol-Version is missing';
  if (header('mcp-method')?.trim() !== request.method) return `Mcp-Method does not say ${request.method}`;
  const named = NAMED_BY[request.method];
  const value = named === undefined ? undefined : request.params?.[named];
  if (typeof value === 'string' && decoded(header('mcp-name')) !== value) return `Mcp-Name does not say ${value}`;
  return undefined;
}

/** A value that no header can hold as it is comes as `=?base64?…?=`. */
function decoded(value: string | undefined): string | undefined {
  const [, base64] = /^=\?base64\?(.*)\?=$/.exec(value?.trim() ?? '') ?? [];
  return base64 === undefined ? value?.trim() : Buffer.from(base64, 'base64').toString('utf8');
}
