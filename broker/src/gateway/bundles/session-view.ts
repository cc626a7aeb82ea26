// What a session shows: all servers, one server, or a bundle of tools. A bundle is read with the rules, so a change of one holds like theirs, and the
// session is looked at anew for each request.
import { shownBundle } from '../../policy/shown-bundle.ts';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

type Parts = Pick<GatewayParts, 'policies' | 'upstreams'>;

/**
 * The scope as its requests are handled: one that asked for a bundle by its name, or whose person's group has one by default, has `bundle`, and the names
 * and URIs of a session with several servers. Throws `unavailable` where the rules cannot be read.
 */
export async function viewOf(parts: Parts, scope: SessionScope): Promise<SessionScope> {
  return seenUnder(parts, scope, await parts.policies.get(scope.principal.workspaceId));
}

/** The same without waiting: the scope as it is where the rules would have to be read first. */
export function viewNow(parts: Parts, scope: SessionScope): SessionScope {
  try {
    const policy = parts.policies.get(scope.principal.workspaceId);
    return policy instanceof Promise ? scope : seenUnder(parts, scope, policy);
  } catch {
    // The broker is deaf: nothing is allowed in any view.
    return scope;
  }
}

function seenUnder(parts: Parts, scope: SessionScope, policy: CompiledPolicy): SessionScope {
  const bundles = parts.policies.bundlesOf(policy);
  if (bundles.length === 0) return scope;
  const { only, principal, toolMode } = scope;
  // Whoever says how tools are to be shown has asked for something else.
  if (only === undefined && toolMode !== undefined) return scope;
  const servers = parts.upstreams.servers(principal.workspaceId);
  const bundle = shownBundle(bundles, servers, only, principal.user?.groups ?? []);
  if (bundle === undefined) return scope;
  if (bundle.isDefault) return { ...scope, bundle };
  const servedBy = new Set(bundle.tools.map(({ serverId }) => serverId));
  return { ...scope, only: undefined, searchesTools: false, bundle, servedBy };
}
