// Removes members that are null from the params of a request. The JSON libraries of some clients write every member that they know
// (`"arguments": null`), and mean that there is none. No member of MCP's own methods may be null.
import { onOneLine, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import type { JsonRecord } from '../../mcp/json-rpc-guard.ts';

export interface ReadParams {
  params: JsonRecord;
  /** Where the params and their members stand in the text; undefined: the message has no params. */
  paramsSpan: JsonObject | undefined;
}

/** Methods of MCP itself; in other methods a null may mean something. */
const OF_MCP =
  /^(initialize|ping|(tools|prompts|resources|completion|logging|tasks|server|subscriptions|notifications)\/.*)$/;

/** The params without the members that are null. Nulls in `_meta` stay; its readers use `present`. */
export function withoutNulls(method: string, read: ReadParams): ReadParams {
  const { params, paramsSpan } = read;
  if (paramsSpan === undefined || !OF_MCP.test(method) || !Object.values(params).includes(null)) return read;
  const members = paramsSpan.members.filter(({ key }) => params[key] !== null);
  return {
    params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null)),
    paramsSpan: { ...paramsSpan, members },
  };
}

/** The value of a member, or undefined where it is null or absent. */
export function present(from: JsonRecord | undefined, key: string): unknown {
  return from?.[key] ?? undefined;
}

/**
 * The client's capabilities as JSON text to keep and to send to servers: on one line, and without nulls at any depth, which the SDKs of some
 * servers refuse. It is a copy, because a slice would keep the whole message in memory.
 */
export function keptCapabilities(text: string, capabilities: JsonRecord): string {
  if (!text.includes('null')) return Buffer.from(onOneLine(text), 'utf8').toString('utf8');
  return JSON.stringify(capabilities, (_key, value: unknown) => (value === null ? undefined : value));
}
