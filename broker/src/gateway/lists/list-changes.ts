// A list of one server has changed: told to who sees the server and something of that list, before or after. To others it is nothing.
import { toGateError } from 'mcpgate-shared/error';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import { placeOf, type UpstreamEvent } from '../../upstreams/upstream.ts';
import type { CatalogList } from './catalog.ts';
import { judge } from '../../policy/judge.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';

/** Looking through a longer list costs more than being told. */
const MAX_JUDGED = 1_000;

/** To be called while the catalog still has the list of before. */
export function tellListChange(
  parts: GatewayParts,
  scope: SessionScope,
  event: UpstreamEvent & { kind: 'list_changed' },
  tell: (list: ListKind | 'all') => void,
): void {
  const { list } = event;
  // Three tools stand for all: that list never changes.
  if (list === 'tools' && scope.searchesTools) return;
  const server = parts.upstreams.servers(event.workspaceId).find(({ name }) => name === event.server);
  if (server === undefined) {
    // One that was removed has no record any more; its lists are gone for all who could see it.
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
  const isSeen = ({ all }: CatalogList) =>
    all.length > MAX_JUDGED ||
    all.some(({ ruleNames }) => judge(policy, scope.principal, server.name, ruleNames).decision !== 'deny');
  if (isSeen(before)) return tell(list);
  // Once the catalog has let go of the list of before.
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

/** Undefined where it is not known at once. */
function policyOf({ policies }: GatewayParts, { principal }: SessionScope): CompiledPolicy | undefined {
  try {
    const policy = policies.get(principal.workspaceId);
    return policy instanceof Promise ? undefined : policy;
  } catch {
    // Nobody may do anything now; when that is over all lists are told as changed.
    return undefined;
  }
}
