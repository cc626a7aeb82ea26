// `resources/subscribe` and `resources/unsubscribe`. Sessions that share a connection share its subscriptions: the server is told when the first
// session follows a resource and when the last one stops.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { factsWithoutCall } from '../call/facts.ts';
import { ruleNames } from '../../policy/naming.ts';
import type { Verdict } from '../../policy/verdict.ts';
import { placeOf } from '../../upstreams/upstream.ts';
import { EMPTY_RESULT, errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { requestByUri } from '../call/resource-request.ts';
import { findByUri } from '../call/own-name.ts';
import type { Route } from '../call/route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { MAX_SUBSCRIPTIONS, type Follower } from './subscriptions.ts';

export function followerOf({ followerId, requester }: SessionScope): Follower {
  return { id: followerId, userKey: requester.userKey };
}

export function followResource(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { subscriptions } = parts;
  if (subscriptions.count(scope.followerId) >= MAX_SUBSCRIPTIONS) {
    const message = `[mcpgate] this session follows ${MAX_SUBSCRIPTIONS} resources already; unsubscribe from some`;
    return Promise.resolve(errorReply(RPC_CODE.serverError, message));
  }
  const { uri } = handling.request.params;
  const follower = followerOf(scope);
  if (typeof uri === 'string' && !subscriptions.hasRoom(follower, uri)) {
    const message = '[mcpgate] the resources that this person follows are too many; unsubscribe from some';
    return Promise.resolve(errorReply(RPC_CODE.serverError, message));
  }
  // Counts from now on, because a server may send an update before its answer.
  return requestByUri(parts, scope, handling, ({ server, rest }) =>
    subscriptions.add(follower, server, placeOf(server, scope.requester), rest),
  );
}

export async function unfollowResource(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { uri } = handling.request.params;
  // Where the rules cannot be read, the request itself fails with the error.
  const found = typeof uri === 'string' ? await findByUri(parts, scope, uri).catch(() => undefined) : undefined;
  const route = found?.kind === 'route' ? found.route : undefined;
  if (route !== undefined) {
    const place = placeOf(route.server, scope.requester);
    const followers = (): ReadonlySet<string> =>
      parts.subscriptions.followers(route.server.workspaceId, route.server.name, place, route.rest);
    const followed = followers().has(scope.followerId);
    parts.subscriptions.remove(scope.followerId, route.server, place, route.rest);
    // Other sessions of the connection still follow it, so the server is not told. Only callers who may use the resource learn that there are any.
    if (followers().size > 0 && (followed || (await mayUse(parts, scope, route)))) return EMPTY_RESULT;
    // The end of what was approved is not asked about; where nothing was begun, it would be a request that nobody approved.
    if (!followed && (await decisionOn(parts, scope, route)) === 'ask')
      return errorReply(RPC_CODE.invalidParams, '[mcpgate] this session does not follow that resource');
  }
  return await requestByUri(parts, scope, handling);
}

async function mayUse(parts: GatewayParts, scope: SessionScope, route: Route): Promise<boolean> {
  const decision = await decisionOn(parts, scope, route);
  return decision !== undefined && decision !== 'deny';
}

/** Undefined: the rules cannot be read, and the request itself fails with the error. */
async function decisionOn(
  parts: GatewayParts,
  scope: SessionScope,
  { server, rest }: Route,
): Promise<Verdict['decision'] | undefined> {
  const { principal } = scope;
  try {
    const policy = await parts.policies.get(principal.workspaceId);
    const names = ruleNames('resources', server.name, rest);
    const question = { principal, server: server.name, names, facts: factsWithoutCall(parts, scope) };
    return policy.foresee(question).decision;
  } catch {
    return undefined;
  }
}
