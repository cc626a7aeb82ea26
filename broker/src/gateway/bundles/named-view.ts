// Says whether a name, as in `/mcp/NAME`, leads to a server or a bundle that a caller may use something of. For one who may not, there is no difference
// between what is not there and what is not theirs.
import { nearest } from 'mcpgate-shared/nearest';
import type { Principal } from '../../domain/people/principal.ts';
import { serverNamed } from '../../domain/server-record.ts';
import type { NamedView } from '../gateway.ts';
import type { GatewayParts } from '../gateway-parts.ts';

/** Throws `unavailable` where the rules cannot be read. */
export async function viewNamed(
  { policies, upstreams }: Pick<GatewayParts, 'policies' | 'upstreams'>,
  principal: Principal,
  name: string,
): Promise<NamedView> {
  const policy = await policies.get(principal.workspaceId);
  const servers = upstreams.servers(principal.workspaceId).filter((each) => policy.mayUse(principal, each.name));
  if (serverNamed(servers, name) !== undefined) return { kind: 'there' };
  const bundles = policies
    .bundlesOf(policy)
    .filter(({ tools }) => tools.some(({ serverId }) => servers.some(({ id }) => id === serverId)))
    .map((bundle) => bundle.name);
  if (bundles.includes(name)) return { kind: 'there' };
  return { kind: 'unknown', near: nearest(name, [...servers.map((server) => server.name), ...bundles]) };
}
