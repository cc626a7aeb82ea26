// Finds the servers of which a caller may use something. Other servers are not started for the caller, and the caller learns nothing of them.
import type { ServerRecord } from '../../domain/server-record.ts';
import type { RuleNames } from '../../policy/naming.ts';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ServerFacts } from '../../upstreams/upstream.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';

type Parts = Pick<GatewayParts, 'upstreams' | 'policies'>;

/** The servers of which the rules could allow something, whatever they offer. Throws `unavailable` where the rules cannot be read. */
export async function usableServers(parts: Parts, scope: SessionScope): Promise<ServerRecord[]> {
  const policy = await parts.policies.get(scope.principal.workspaceId);
  return serversOf(parts.upstreams, scope).filter(({ name }) => policy.mayUse(scope.principal, name));
}

/** Whether one server is among those; false where the rules would have to be read first. */
export function isUsable({ policies }: Pick<Parts, 'policies'>, { principal }: SessionScope, name: string): boolean {
  try {
    const policy = policies.get(principal.workspaceId);
    return !(policy instanceof Promise) && policy.mayUse(principal, name);
  } catch {
    // Where the rules cannot be read, nobody may do anything.
    return false;
  }
}

const LISTS: readonly (readonly [capability: string, kind: ListKind])[] = [
  ['tools', 'tools'],
  ['prompts', 'prompts'],
  ['resources', 'resources'],
  ['resources', 'templates'],
];

/** Whether the server offers anything that the caller may use. */
export async function offersSomething(
  parts: Pick<GatewayParts, 'catalog' | 'clock'>,
  scope: SessionScope,
  policy: CompiledPolicy,
  server: ServerRecord,
  { capabilities }: ServerFacts,
): Promise<boolean> {
  const { catalog } = parts;
  const { principal, requester } = scope;
  const caller = { principal, facts: factsWithoutCall(parts, scope) };
  const isFor = (names: RuleNames) => policy.foresee({ ...caller, server: server.name, names }).decision !== 'deny';
  for (const [capability, kind] of LISTS) {
    if (!isRecord(capabilities[capability])) continue;
    const { all } = catalog.known(kind, server, requester) ?? (await catalog.list(kind, server, requester));
    if (all.some(({ ruleNames }) => isFor(ruleNames))) return true;
  }
  return false;
}
