// The broker's own state, and who is asking.
import { statusApi } from 'mcpgate-shared/api/status';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Operation } from './operation.ts';

export function statusOperations({ store, upstreams, links, facts }: AdminDependencies): Operation[] {
  return [
    operation(statusApi.status, async (_input, { workspaceId }) => {
      const [policy, users] = await Promise.all([store.policy.snapshot(workspaceId), store.users.count(workspaceId)]);
      const servers = upstreams.status(workspaceId);
      const live = links();
      const warnings = [
        ...servers
          .filter((server) => server.unisolated && server.state !== 'disabled')
          .map(
            (server) =>
              `server ${server.name} runs unisolated: as the broker's own user, so it could read the broker's files`,
          ),
        ...(policy.enforcement === 'enforce'
          ? []
          : [`enforcement is ${policy.enforcement}: rules do not deny anything`]),
        ...(policy.rules.length === 0 && policy.enforcement === 'enforce'
          ? ['no rule yet: nobody may do anything']
          : []),
      ];
      return {
        version: facts.version,
        url: facts.url,
        state: facts.draining() ? ('draining' as const) : ('ready' as const),
        pid: facts.pid,
        started_at: isoTime(facts.startedAt),
        data: facts.dataDir,
        database: facts.database,
        enforcement: policy.enforcement,
        rules: policy.rules.length,
        users,
        links: live.length,
        channels: live.reduce((sum, link) => sum + link.channels, 0),
        servers: servers.map(({ name, state, tools, error }) => ({ name, state, tools, error })),
        warnings,
      };
    }),
    operation(statusApi.me, async (_input, caller) => {
      const principal = caller.principal;
      return await Promise.resolve({
        user: principal?.user?.name ?? null,
        role: principal === undefined ? 'admin' : (principal.user?.role ?? null),
        groups: [...(principal?.user?.groups ?? [])],
        workspace: caller.workspaceId,
        credential: principal?.credential ?? { kind: 'socket', id: 'admin.sock', label: caller.actor.name },
        device: principal?.device?.name ?? null,
      });
    }),
  ];
}
