// Says whether a name, as in `/mcp/NAME`, leads to a server or a bundle that a caller may use something of. For one who may not, there is no difference
// between what is not there and what is not theirs.
import { nearest } from 'mcpgate-shared/nearest';
import type { Principal } from '../../domain/people/principal.ts';
import { serverNamed } from '../../domain/server-record.ts';
import type { Answerer } from '../call/answerer.ts';
import type { NamedView } from '../gateway.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { resultReply } from '../reply.ts';

type Parts = Pick<GatewayParts, 'policies' | 'upstreams'>;

/** Throws `unavailable` where the rules cannot be read. */
export async function viewNamed(parts: Parts, principal: Principal, name: string): Promise<NamedView> {
  const { servers, bundles } = await usable(parts, principal);
  if (serverNamed(servers, name) !== undefined || bundles.includes(name)) return { kind: 'there' };
  return { kind: 'unknown', near: nearest(name, [...servers.map((server) => server.name), ...bundles]) };
}

/** Answers `mcpgate/bundles`: what a client may be set up to serve. */
export const namedViews: Answerer = async (parts, { principal }) => {
  const { servers, bundles } = await usable(parts, principal);
  return resultReply(JSON.stringify({ bundles, servers: servers.map(({ name }) => name) }));
};

async function usable({ policies, upstreams }: Parts, principal: Principal) {
  const policy = await policies.get(principal.workspaceId);
  const servers = upstreams.servers(principal.workspaceId).filter((each) => policy.mayUse(principal, each.name));
  const bundles = policies
    .bundlesOf(policy)
    .filter(({ tools }) => tools.some(({ serverId }) => servers.some(({ id }) => id === serverId)))
    .map((bundle) => bundle.name);
  return { servers, bundles };
}
