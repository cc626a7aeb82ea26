// `tools/list`: every tool, or the three that stand for them, as the session asked or as the rule for its client says.
import { resultMessage } from '../answers.ts';
import type { ClientRequest } from '../envelope.ts';
import { listKind, reachableServers } from '../lists.ts';
import type { GatewayParts, SessionScope } from '../session-scope.ts';
import { toolLimitOf } from './search-rule.ts';
import { SEARCH_TOOLS_RESULT } from './search-tools.ts';

/** The answer as a message. */
export async function listTools(
  parts: GatewayParts,
  scope: SessionScope,
  request: ClientRequest,
  onLate: () => void,
): Promise<string> {
  if (!scope.searchesTools && scope.toolMode === undefined) {
    const limit = toolLimitOf(parts.searchRules, scope.client.name);
    if (limit !== undefined) {
      const reachable = await reachableServers(parts, scope, 'tools', onLate);
      scope.searchesTools = reachable.reduce((sum, { allowed }) => sum + (allowed?.length ?? 0), 0) > limit;
    }
  }
  return scope.searchesTools
    ? resultMessage(request.idText, SEARCH_TOOLS_RESULT)
    : await listKind(parts, scope, request, 'tools', onLate);
}
