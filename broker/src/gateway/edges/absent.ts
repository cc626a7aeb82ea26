// Clients whose language writes every member that it knows (`"arguments": null`, `"cursor": null`) mean that there is none: in the params
// of a method of MCP, which has no member whose value may be null, such a member counts as absent.
import { onOneLine, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import type { JsonRecord } from '../../mcp/json-rpc-guard.ts';

export interface ReadParams {
  params: JsonRecord;
  /** Undefined where the message has no params. */
  paramsSpan: JsonObject | undefined;
}

/** Methods of others may mean something by a null. */
const OF_MCP =
  /^(initialize|ping|(tools|prompts|resources|completion|logging|tasks|server|subscriptions|notifications)\/.*)$/;

/** The params without the members that are null; those of `_meta` are looked at by whoever reads them (`present`). */
export function withoutNulls(method: string, read: ReadParams): ReadParams {
  const { params, paramsSpan } = read;
  if (paramsSpan === undefined || !OF_MCP.test(method) || !Object.values(params).includes(null)) return read;
  const members = paramsSpan.members.filter(({ key }) => params[key] !== null);
  return {
    params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null)),
    paramsSpan: { ...paramsSpan, members },
  };
}

/** What stands there, unless it is null. */
export function present(from: JsonRecord | undefined, key: string): unknown {
  return from?.[key] ?? undefined;
}

/**
 * JSON text of what a client can do, as it is kept and servers are told it: on one line, and without nulls at any depth, which the SDKs of
 * some servers refuse. A copy: a part of a text would keep all of that text in memory.
 */
export function keptCapabilities(text: string, capabilities: JsonRecord): string {
  if (!text.includes('null')) return Buffer.from(onOneLine(text), 'utf8').toString('utf8');
  return JSON.stringify(capabilities, (_key, value: unknown) => (value === null ? undefined : value));
}
