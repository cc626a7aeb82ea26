// Answers `mcpgate/session`, mcpgate's own method, with which `mcpgate status` shows the caller and the servers of a session.
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';
import { whoOf } from '../../session-scope.ts';
import { ownAccounts } from '../../accounts/own-accounts.ts';
import { reachableServers } from '../../lists/lists.ts';

/** The result as JSON text. Servers none of whose tools the caller may use are left out. */
export async function sessionInfo(parts: GatewayParts, scope: SessionScope): Promise<string> {
  const { principal } = scope;
  const reachable = await reachableServers(parts, scope, 'tools', () => undefined);
  const states = new Map(parts.upstreams.status(principal.workspaceId).map((status) => [status.name, status]));
  const offered = new Set(parts.upstreams.servers(principal.workspaceId).map(({ name }) => name));
  return JSON.stringify({
    user: whoOf(principal).replace(/^user:/, ''),
    workspace: principal.workspaceId,
    device: principal.device?.name ?? null,
    broker_version: parts.brokerVersion,
    accounts: await ownAccounts(parts, scope),
    servers: [
      ...reachable
        .filter(({ allowed }) => allowed === undefined || allowed.length > 0)
        .map(({ server, allowed }) => {
          const status = states.get(server.name);
          // All that it lists is the tool that connects an account.
          if (allowed?.every(({ isOwn }) => isOwn === true) === true) {
            const message = `your account is not connected: run "mcpgate connect ${server.name}"`;
            return { name: server.name, state: 'account_needed', tools: 0, message, warnings: 0 };
          }
          return {
            name: server.name,
            state: status?.state ?? 'idle',
            tools: allowed?.length ?? null,
            message: status?.error ?? null,
            warnings: status?.warnings.length ?? 0,
          };
        }),
      ...(principal.servers ?? [])
        .filter((name) => !offered.has(name))
        .map((name) => ({ name, state: 'failed', tools: null, message: 'it is not offered any more' })),
    ],
  });
}
