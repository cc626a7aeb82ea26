// The params of a request that is meant for a server: read, and spliced for it. What is not rewritten stays the text that was sent.
import { findMember, type JsonMember } from 'mcpgate-shared/json-span';
import { REQUEST_META } from 'mcpgate-shared/protocol-version';
import { isRecord } from '../upstreams/json-rpc-guard.ts';
import { present } from './absent.ts';
import type { ClientRequest } from './envelope.ts';

export interface Replacement {
  member: JsonMember;
  /** JSON text. */
  put: string;
}

export interface RequestParams {
  traceId: string | null;
  /** The caller's progress token as it was written. */
  progressToken: string | undefined;
  /** The text without what is between the caller and mcpgate, with these values replaced. */
  forUpstream(replacements: readonly Replacement[]): string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** Members of `_meta` that the two ends of one connection say to each other: the server gets mcpgate's own. */
const BETWEEN_US: ReadonlySet<string> = new Set(['progressToken', ...Object.values(REQUEST_META)]);

/** A string says what is wrong with them. */
export function readRequestParams(text: string, { params, paramsSpan }: ClientRequest): RequestParams | string {
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
    forUpstream(replacements) {
      if (paramsSpan === undefined) return '{}';
      const cuts = replacements.map(({ member, put }) => ({ from: member.start, to: member.end, put }));
      const kept = metaAt?.members.filter(({ key }) => !BETWEEN_US.has(key)) ?? [];
      if (metaAt !== undefined && kept.length < metaAt.members.length) {
        const put = `{${kept.map(({ keyStart, end }) => text.slice(keyStart, end)).join(',')}}`;
        cuts.push({ from: metaAt.start, to: metaAt.end, put });
      }
      cuts.sort((a, b) => a.from - b.from);
      const members = paramsSpan.members.map(({ keyStart, end }) => {
        let out = '';
        let from = keyStart;
        for (const cut of cuts) {
          if (cut.from < keyStart || cut.to > end) continue;
          out += text.slice(from, cut.from) + cut.put;
          from = cut.to;
        }
        return out + text.slice(from, end);
      });
      return `{${members.join(',')}}`;
    },
  };
}
