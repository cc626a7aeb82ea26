// A client can say in `_meta` which task a message is about (MCP 2025-11-25, "Related Task Metadata"). Servers may act on that, so it is checked as
// for `tasks/get`: the task must be the caller's and belong to the server that gets the message. The server gets it under its own id.
import type { RuleNames } from '../../policy/naming.ts';
import { findMember, scanObject, type JsonMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { RELATED_TASK } from 'mcpgate-shared/mcp/protocol-version';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { placeOf } from '../../upstreams/upstream.ts';
import { serverByUri } from '../call/route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export type RelatedTask =
  | { kind: 'none' }
  /** `ownId`: the server's id of the task. `ruleNames`: of the tool that made it; undefined: the client runs the task for the server. */
  | { kind: 'own'; ownId: string; ruleNames: RuleNames | undefined }
  | { kind: 'foreign'; taskId: string };

type Parts = Pick<GatewayParts, 'upstreams' | 'tasks' | 'clock'>;

/** `server`: gets the message; undefined: several servers get it, and no task belongs to all of them. */
export function relatedTask(
  parts: Parts,
  scope: SessionScope,
  server: string | undefined,
  params: JsonRecord,
): RelatedTask {
  const meta = params['_meta'];
  const related = isRecord(meta) ? (meta[RELATED_TASK] ?? undefined) : undefined;
  if (related === undefined) return { kind: 'none' };
  const taskId = isRecord(related) ? related['taskId'] : undefined;
  if (typeof taskId !== 'string' || server === undefined) return { kind: 'foreign', taskId: String(taskId) };
  const route = serverByUri(parts, scope, taskId);
  if (route?.server.name === server) {
    const entry = parts.tasks.find(route.server, placeOf(route.server, scope.requester), route.rest);
    if (entry?.owner === scope.requester.userKey)
      return { kind: 'own', ownId: entry.ownId, ruleNames: entry.ruleNames };
  }
  if (scope.runsTaskFor?.(server, taskId) === true) return { kind: 'own', ownId: taskId, ruleNames: undefined };
  return { kind: 'foreign', taskId };
}

/**
 * Replaces the task's id in `paramsText`, the params for the server. `params`: as the client sent them. Undefined: the task is not the
 * caller's.
 */
export async function withOwnTask(
  parts: Parts & Pick<GatewayParts, 'policies'>,
  scope: SessionScope,
  server: string,
  params: JsonRecord,
  paramsText: string,
): Promise<string | undefined> {
  const related = relatedTask(parts, scope, server, params);
  if (related.kind !== 'own') return related.kind === 'none' ? paramsText : undefined;
  const policy = await parts.policies.get(scope.principal.workspaceId);
  return isDenied(parts, policy, scope, server, related) ? undefined : withRelated(paramsText, related.ownId);
}

/** Whether the rules by now deny the caller the tool that made the task, whatever it was called with. */
export function isDenied(
  parts: Pick<GatewayParts, 'clock'>,
  policy: CompiledPolicy,
  scope: SessionScope,
  server: string,
  related: RelatedTask,
): boolean {
  const names = related.kind === 'own' ? related.ruleNames : undefined;
  if (names === undefined) return false;
  const question = { principal: scope.principal, server, names, facts: factsWithoutCall(parts, scope) };
  return policy.foresee(question).decision === 'deny';
}

/** Replaces the id of the related task in `_meta`, or removes it where `ownId` is undefined. */
export function withRelated(text: string, ownId: string | undefined): string {
  const meta = findMember(scanObject(text, 0, ['_meta']).members, '_meta')?.inner;
  const at = findMember(meta?.members ?? [], RELATED_TASK);
  if (meta === undefined || at === undefined) return text;
  if (ownId !== undefined) return text.slice(0, at.start) + JSON.stringify({ taskId: ownId }) + text.slice(at.end);
  return text.slice(0, meta.start) + objectOf(text, meta, at) + text.slice(meta.end);
}

function objectOf(text: string, { members }: JsonObject, without: JsonMember): string {
  const kept = members.filter((each) => each !== without);
  return `{${kept.map(({ keyStart, end }) => text.slice(keyStart, end)).join(',')}}`;
}
