// Tells a client that a list of one server has changed, if the client sees anything of that list before or after the change.
import { toGateError } from 'mcpgate-shared/error';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import { serverCalled } from '../../domain/server-record.ts';
import { placeOf, type UpstreamEvent } from '../../upstreams/upstream.ts';
import type { CatalogList } from './catalog.ts';
import { viewNow } from '../bundles/session-view.ts';
import { factsWithoutCall } from '../call/facts.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';

/** Longer lists are not judged entry by entry: the client is told in any case, which costs less. */
const MAX_JUDGED = 1_000;

/** Must be called while the catalog still has the former list. */
export function tellListChange(
  parts: GatewayParts,
  given: SessionScope,
  event: UpstreamEvent & { kind: 'list_changed' },
  tell: (list: ListKind | 'all') => void,
): void {
  const { list } = event;
  const scope = viewNow(parts, given);
  if (scope.bundle !== undefined) {
    const isIn = scope.bundle.tools.some(({ server }) => server === event.server);
    if (isIn && (list === 'tools' || list === 'all')) tell('tools');
    return;
  }
  // This session lists only the three search tools, and these never change.
  if (list === 'tools' && scope.searchesTools) return;
  const server = serverCalled(parts.upstreams.servers(event.workspaceId), event.server);
  if (server === undefined) {
    // The server was removed and has no record any more: everybody who could see it is told.
    const { only, principal } = scope;
    if ((only ?? event.server) === event.server && principal.servers?.includes(event.server) !== false) tell(list);
    return;
  }
  if (event.place !== null && event.place !== placeOf(server, scope.requester)) return;
  if (!serversOf(parts.upstreams, scope).includes(server)) return;
  const before = list === 'all' ? undefined : parts.catalog.known(list, server, scope.requester);
  const policy = policyOf(parts, scope);
  if (policy?.mayUse(scope.principal, server.name) === false) return;
  if (list === 'all' || before === undefined || policy === undefined) return tell(list);
  const caller = { principal: scope.principal, facts: factsWithoutCall(parts, scope) };
  const isSeen = ({ all }: CatalogList) =>
    all.length > MAX_JUDGED ||
    all.some(({ ruleNames: names }) => policy.foresee({ ...caller, server: server.name, names }).decision !== 'deny');
  if (isSeen(before)) return tell(list);
  // Runs after the catalog has forgotten the former list.
  queueMicrotask(() => {
    parts.catalog.list(list, server, scope.requester).then(
      (after) => {
        if (isSeen(after)) tell(list);
      },
      (error: unknown) =>
        parts.log.debug({ server: server.name, error: toGateError(error).message }, 'a changed list could not be read'),
    );
  });
}

export const EVENTS_CHANGED = 'notifications/events/list_changed';

/** The same of the event types of a server, of which there is no former list to compare with. */
export function tellEventsChange(
  parts: GatewayParts,
  given: SessionScope,
  { workspaceId, server: name, place }: UpstreamEvent,
  tell: () => void,
): void {
  const scope = viewNow(parts, given);
  const server = serverCalled(parts.upstreams.servers(workspaceId), name);
  if (scope.bundle !== undefined || server === undefined) return;
  if (place !== null && place !== placeOf(server, scope.requester)) return;
  if (!serversOf(parts.upstreams, scope).includes(server)) return;
  if (policyOf(parts, scope)?.mayUse(scope.principal, name) !== false) tell();
}

/** The policy, or undefined where it would have to be read first. */
function policyOf({ policies }: GatewayParts, { principal }: SessionScope): CompiledPolicy | undefined {
  try {
    const policy = policies.get(principal.workspaceId);
    return policy instanceof Promise ? undefined : policy;
  } catch {
    // The broker is deaf and allows nothing now; when it hears again, all clients are told of changed lists.
    return undefined;
  }
}
