// `tools/list`: every tool, or the three that stand for them, as the session asked or as the rule for its client says.
import { listKind, reachableServers } from '../lists/lists.ts';
import { resultReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { toolLimitOf } from './search-rule.ts';
import { SEARCH_TOOLS_RESULT } from './search-tools.ts';

export async function listTools(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Pick<Handling, 'request' | 'onLate'>,
): Promise<Reply> {
  if (!scope.searchesTools && scope.toolMode === undefined) {
    const limit = toolLimitOf(parts.searchRules, scope.client.name);
    if (limit !== undefined) {
      const reachable = await reachableServers(parts, scope, 'tools', () => handling.onLate('tools'));
      scope.searchesTools = reachable.reduce((sum, { allowed }) => sum + (allowed?.length ?? 0), 0) > limit;
    }
  }
  return scope.searchesTools ? resultReply(SEARCH_TOOLS_RESULT) : await listKind(parts, scope, handling, 'tools');
}
