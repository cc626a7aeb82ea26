// The params of a `tools/call`: read, and spliced for the upstream. The arguments stay the text that was sent.
import { hash } from 'node:crypto';
import { findMember, type JsonMember } from 'mcpgate-shared/json-span';
import { isRecord } from '../upstreams/json-rpc-guard.ts';
import type { ClientRequest } from './envelope.ts';

export interface CallParams {
  /** The tool as the client named it. */
  name: string;
  /** SHA-256 of the argument text, hex. */
  argsDigest: string | null;
  argKeys: readonly string[];
  traceId: string | null;
  /** The caller's progress token as it was written. */
  progressToken: string | undefined;
  /** The params for the upstream: under its own name for the tool, without the caller's progress token. */
  forUpstream(ownName: string): string;
}

const MAX_KEYS = 200;
const MAX_KEY_CHARS = 200;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** A string says what is wrong with them. */
export function readCallParams(text: string, { params, paramsSpan }: ClientRequest): CallParams | string {
  const name = params['name'];
  if (paramsSpan === undefined || typeof name !== 'string') return '"name" must be a string';
  const args = params['arguments'];
  if (args !== undefined && !isRecord(args)) return '"arguments" must be an object';
  const meta = params['_meta'];
  if (meta !== undefined && !isRecord(meta)) return '"_meta" must be an object';
  const nameAt = findMember(paramsSpan.members, 'name');
  const argsAt = findMember(paramsSpan.members, 'arguments');
  const metaAt = findMember(paramsSpan.members, '_meta')?.inner;
  const token = meta?.['progressToken'];
  const tokenAt = metaAt === undefined ? undefined : findMember(metaAt.members, 'progressToken');
  if (nameAt === undefined) return '"name" must be a string';
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'number') {
    return '"progressToken" must be a string or a number';
  }
  const traceparent = meta?.['traceparent'];
  return {
    name,
    argsDigest: argsAt === undefined ? null : hash('sha256', text.slice(argsAt.start, argsAt.end), 'hex'),
    argKeys: args === undefined ? [] : keysOf(args),
    traceId: typeof traceparent === 'string' ? (TRACEPARENT.exec(traceparent)?.[1] ?? null) : null,
    progressToken: token === undefined || tokenAt === undefined ? undefined : text.slice(tokenAt.start, tokenAt.end),
    forUpstream(ownName) {
      const cuts = [{ from: nameAt.start, to: nameAt.end, put: JSON.stringify(ownName) }];
      if (tokenAt !== undefined && metaAt !== undefined) {
        cuts.push({ ...spanWithComma(metaAt.members, tokenAt), put: '' });
        cuts.sort((a, b) => a.from - b.from);
      }
      let out = '';
      let from = paramsSpan.start;
      for (const cut of cuts) {
        out += text.slice(from, cut.from) + cut.put;
        from = cut.to;
      }
      return out + text.slice(from, paramsSpan.end);
    },
  };
}

function keysOf(args: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(args);
  return keys.length <= MAX_KEYS && keys.every((key) => key.length <= MAX_KEY_CHARS)
    ? keys
    : keys.slice(0, MAX_KEYS).map((key) => key.slice(0, MAX_KEY_CHARS));
}

/** The member with the comma that goes with it. */
function spanWithComma(members: readonly JsonMember[], member: JsonMember): { from: number; to: number } {
  const index = members.indexOf(member);
  const next = members[index + 1];
  if (next !== undefined) return { from: member.keyStart, to: next.keyStart };
  return { from: members[index - 1]?.end ?? member.keyStart, to: member.end };
}
