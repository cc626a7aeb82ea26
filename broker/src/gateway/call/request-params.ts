// Reads the params of a request to a server, and writes the params that the server gets. Only members that the method is known to have are
// passed on, as the text that the client sent unless they are replaced.
import { findMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { readTraceParent } from '../../domain/outside/call-span.ts';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { present } from '../edges/null-members.ts';
import { REQUESTS } from '../edges/methods.ts';
import type { Request } from '../request.ts';

export interface RequestParams {
  traceId: string | null;
  /** The caller's progress token, as JSON text. */
  progressToken: string | undefined;
  /**
   * The params for the server, as JSON text: the members that the method has, without those of `_meta` that only concern the client and mcpgate.
   * `replaced`: JSON text to put in place of what the client sent, or where it sent nothing, by the member's name.
   */
  forUpstream(replaced: Readonly<Record<string, string>>): string;
}

/** Members of `_meta` that describe one connection: they are not passed on, because the server gets mcpgate's own. */
const BETWEEN_US: ReadonlySet<string> = new Set(['progressToken', ...Object.values(REQUEST_META)]);

/** Returns a sentence where the params are not valid. */
export function readRequestParams({ text, method, params, paramsSpan, trace }: Request): RequestParams | string {
  const meta = params['_meta'];
  if (meta !== undefined && !isRecord(meta)) return '"_meta" must be an object';
  const metaAt = findMember(paramsSpan?.members ?? [], '_meta')?.inner;
  const token = present(meta, 'progressToken');
  const tokenAt = metaAt === undefined ? undefined : findMember(metaAt.members, 'progressToken');
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'number') {
    return '"progressToken" must be a string or a number';
  }
  return {
    traceId: (readTraceParent(meta?.['traceparent'], undefined) ?? trace)?.traceId ?? null,
    progressToken: token === undefined || tokenAt === undefined ? undefined : text.slice(tokenAt.start, tokenAt.end),
    forUpstream(replaced) {
      const known = REQUESTS.get(method)?.params;
      const put: string[] = [];
      for (const { key, start, end } of paramsSpan?.members ?? []) {
        if (known?.has(key) !== true) continue;
        const value = key === '_meta' && metaAt !== undefined ? metaText(text, metaAt) : text.slice(start, end);
        // Writes the member's name plainly: a client may have written it with escapes, which not every server resolves.
        put.push(`"${key}":${replaced[key] ?? value}`);
      }
      for (const [key, value] of Object.entries(replaced))
        if (findMember(paramsSpan?.members ?? [], key) === undefined) put.push(`"${key}":${value}`);
      return `{${put.join(',')}}`;
    },
  };
}

function metaText(text: string, { start, end, members }: JsonObject): string {
  const kept = members.filter(({ key }) => !BETWEEN_US.has(key));
  if (kept.length === members.length) return text.slice(start, end);
  return `{${kept.map((each) => text.slice(each.keyStart, each.end)).join(',')}}`;
}
