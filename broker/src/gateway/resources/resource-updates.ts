// Passes `notifications/resources/updated` on to clients that follow the resource and may still use it, with the URI that they know.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { toGateError } from 'mcpgate-shared/error';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import { placeOf, type UpstreamEvent } from '../../upstreams/upstream.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { ruleNames } from '../../policy/naming.ts';
import { seenUriFor } from '../call/seen-uri.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export const UPDATED = 'notifications/resources/updated';

export interface SeenUpdate {
  /** The URI as the client knows it, as JSON text. */
  uriText: string;
  /** The members of the server's params; `at` is the URI among them. */
  members: readonly JsonMember[];
  at: JsonMember;
}

/** Calls `tell` if the follower of this scope follows the resource, or one that it is a part of, and may still use it. */
export function tellUpdate(
  parts: Pick<GatewayParts, 'upstreams' | 'subscriptions' | 'policies' | 'log' | 'clock'>,
  scope: SessionScope,
  { workspaceId, server: name, place, paramsText }: UpstreamEvent & { kind: 'notification' },
  tell: (update: SeenUpdate) => void,
): void {
  const server = parts.upstreams.servers(workspaceId).find((each) => each.name === name);
  const { members } = scanObject(paramsText);
  const at = findMember(members, 'uri');
  const uri: unknown = at === undefined ? undefined : JSON.parse(paramsText.slice(at.start, at.end));
  if (server === undefined || at === undefined || typeof uri !== 'string') return;
  if (place !== placeOf(server, scope.requester)) return;
  if (!parts.subscriptions.isFollowed(scope.followerId, server, place, uri)) return;
  const judged = (policy: CompiledPolicy) => {
    const facts = factsWithoutCall(parts, scope);
    const question = { principal: scope.principal, server: name, names: ruleNames('resources', name, uri), facts };
    if (policy.foresee(question).decision === 'deny') return;
    tell({ uriText: JSON.stringify(seenUriFor(scope, server)?.(uri) ?? uri), members, at });
  };
  const unheard = (error: unknown) =>
    parts.log.debug({ server: name, error: toGateError(error).message }, 'an update was told to nobody');
  try {
    const policy = parts.policies.get(workspaceId);
    if (policy instanceof Promise) policy.then(judged).catch(unheard);
    else judged(policy);
  } catch (error) {
    unheard(error);
  }
}
