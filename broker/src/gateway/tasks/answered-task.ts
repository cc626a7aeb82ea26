// A client's answer to a question may say which task it is about: in its result (2025-11-25), or in `inputResponses` of a retry or an update
// (2026-07-28). This module replaces the task's id by the server's own, and lets only tasks of that server and that caller through. Keys that
// some JSON parser may take for the member's name count as well.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { RELATED_TASK } from 'mcpgate-shared/mcp/protocol-version';
import { byteLengthOf, wholeText } from '../../message/pieces.ts';
import { uriPrefix } from '../../policy/naming.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { ServerQuestion, UpstreamReply } from '../../upstreams/upstream.ts';
import { MAX_ANSWER_BYTES } from '../edges/legacy/client-questions.ts';
import { duplicateKey } from '../../mcp/duplicate-key.ts';
import { createKnownKeys } from '../../mcp/folded-key.ts';
import { META_KEYS } from '../edges/methods.ts';
import type { Request } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { isDenied, relatedTask, type RelatedTask } from './related-task.ts';
import { withSeenTaskIds } from './task-ids.ts';

type Parts = Pick<GatewayParts, 'upstreams' | 'tasks' | 'clock'>;

const ANSWER_KEYS = createKnownKeys(['_meta']);

/**
 * Puts a server's question to the client, with task ids as the client knows them. The client's answer is always passed on; a reference to a
 * task of another server or caller is removed from it.
 */
export async function askAboutOwnTasks(
  parts: Parts,
  scope: SessionScope,
  question: ServerQuestion,
  put: (question: ServerQuestion) => Promise<UpstreamReply>,
): Promise<UpstreamReply> {
  const { server } = question;
  const prefix = scope.only === undefined ? uriPrefix(server) : '';
  const reply = await put({ ...question, paramsText: withSeenTaskIds(question.paramsText, prefix, false) });
  return reply.kind === 'result' ? { ...reply, text: readAnswer(parts, scope, server, reply.text).text } : reply;
}

/**
 * Replaces the task ids in all answers of a retry or update. `paramsText`: the params for the server. Undefined: an answer is about a task
 * that is not the caller's.
 */
export async function withOwnAnswers(
  parts: Parts & Pick<GatewayParts, 'policies'>,
  scope: SessionScope,
  server: string,
  { params, pieces }: Pick<Request, 'params' | 'pieces'>,
  paramsText: string,
): Promise<string | undefined> {
  if (params['inputResponses'] === undefined) return paramsText;
  const at = findMember(scanObject(paramsText).members, 'inputResponses');
  if (at === undefined) return paramsText;
  const cut = paramsText.slice(at.start, at.end);
  if (byteLengthOf(cut, pieces) > MAX_ANSWER_BYTES) return undefined;
  const whole = wholeText(cut, pieces);
  // The pieces of a large message have not been checked for duplicate keys yet.
  if (pieces !== undefined && duplicateKey(whole) !== undefined) return undefined;
  if (!whole.startsWith('{')) return whole === 'null' ? paramsText : undefined;
  const policy = await parts.policies.get(scope.principal.workspaceId);
  let out = '';
  let from = 0;
  for (const { start, end } of scanObject(whole).members) {
    const answer = readAnswer(parts, scope, server, whole.slice(start, end));
    if (answer.related.kind === 'foreign' || answer.isOdd) return undefined;
    if (isDenied(parts, policy, scope, server, answer.related)) return undefined;
    out += whole.slice(from, start) + answer.text;
    from = end;
  }
  if (out === whole.slice(0, from)) return paramsText;
  return paramsText.slice(0, at.start) + out + whole.slice(from) + paramsText.slice(at.end);
}

interface Answer {
  /** The answer for the server, as JSON text. */
  text: string;
  related: RelatedTask;
  /** Whether it has a key that some parser may take for the reference to a task. */
  isOdd: boolean;
}

function readAnswer(parts: Parts, scope: SessionScope, server: string, text: string): Answer {
  if (!text.startsWith('{')) return { text, related: { kind: 'none' }, isOdd: false };
  const { members } = scanObject(text, 0, ['_meta']);
  const meta = findMember(members, '_meta');
  const related = relatedTask(parts, scope, server, metaOf(text, meta));
  const inMeta = meta?.inner?.members ?? [];
  const at = findMember(inMeta, RELATED_TASK);
  const kept = inMeta.filter(
    (member) => member === at || (member.key !== RELATED_TASK && META_KEYS.mistakable([member]) === undefined),
  );
  const others = members.filter(
    (member) => member === meta || (member.key !== '_meta' && ANSWER_KEYS.mistakable([member]) === undefined),
  );
  const isOdd = kept.length < inMeta.length || others.length < members.length;
  if (!isOdd && related.kind === 'none') return { text, related, isOdd };
  const own = related.kind === 'own' ? JSON.stringify({ taskId: related.ownId }) : undefined;
  const metaText = objectOf(text, kept, (member) => (member === at ? own : text.slice(member.start, member.end)));
  const written = objectOf(text, others, (member) =>
    member === meta && meta.inner !== undefined ? metaText : text.slice(member.start, member.end),
  );
  return { text: written, related, isOdd };
}

const metaOf = (text: string, meta: JsonMember | undefined) =>
  meta === undefined ? {} : { _meta: parseRecord(text.slice(meta.start, meta.end)) };

/** Writes an object anew. `valueOf`: the value of a member as JSON text; undefined leaves the member out. */
function objectOf(
  text: string,
  members: readonly JsonMember[],
  valueOf: (member: JsonMember) => string | undefined,
): string {
  const written = members.flatMap((member) => {
    const value = valueOf(member);
    return value === undefined ? [] : [text.slice(member.keyStart, member.start) + value];
  });
  return `{${written.join(',')}}`;
}
