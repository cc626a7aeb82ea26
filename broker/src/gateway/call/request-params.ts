// The params of a request that is meant for a server: read, and built anew of the members that its method knows. What is not rewritten
// stays the text that was sent.
import { findMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { present } from '../edges/absent.ts';
import { REQUESTS } from '../edges/methods.ts';
import type { Request } from '../request.ts';

export interface RequestParams {
  traceId: string | null;
  /** The caller's progress token as it was written. */
  progressToken: string | undefined;
  /**
   * The members that the method knows, without what is between the caller and mcpgate; `replaced`: JSON text in place of what was sent, by
   * the member's name.
   */
  forUpstream(replaced: Readonly<Record<string, string>>): string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** Members of `_meta` that the two ends of one connection say to each other: the server gets mcpgate's own. */
const BETWEEN_US: ReadonlySet<string> = new Set(['progressToken', ...Object.values(REQUEST_META)]);

/** A string says what is wrong with them. */
export function readRequestParams({ text, method, params, paramsSpan }: Request): RequestParams | string {
  const meta = params['_meta'];
  if (meta !== undefined && !isRecord(meta)) return '"_meta" must be an object';
  const metaAt = findMember(paramsSpan?.members ?? [], '_meta')?.inner;
  const token = present(meta, 'progressToken');
  const tokenAt = metaAt === undefined ? undefined : findMember(metaAt.members, 'progressToken');
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'number') {
    return '"progressToken" must be a string or a number';
  }
  const traceparent = meta?.['traceparent'];
  return {
    traceId: typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent)?.[1] ?? null) : null,
    progressToken: token === undefined || tokenAt === undefined ? undefined : text.slice(tokenAt.start, tokenAt.end),
    forUpstream(replaced) {
      const known = REQUESTS.get(method)?.params;
      const put: string[] = [];
      for (const { key, start, end } of paramsSpan?.members ?? []) {
        if (known?.has(key) !== true) continue;
        const value = key === '_meta' && metaAt !== undefined ? metaText(text, metaAt) : text.slice(start, end);
        // The name as the method has it: what a client escapes not every reader resolves.
        put.push(`"${key}":${replaced[key] ?? value}`);
      }
      return `{${put.join(',')}}`;
    },
  };
}

function metaText(text: string, { start, end, members }: JsonObject): string {
  const kept = members.filter(({ key }) => !BETWEEN_US.has(key));
  if (kept.length === members.length) return text.slice(start, end);
  return `{${kept.map((each) => text.slice(each.keyStart, each.end)).join(',')}}`;
}
