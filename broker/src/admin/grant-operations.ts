// Labelled bearer tokens.
import { grantsApi, type Grant } from 'mcpgate-shared/api/grants';
import { GateError } from 'mcpgate-shared/error';
import type { AdminDependencies, GrantView } from './dependencies.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { operation, type Operation } from './operation.ts';

function toGrant(grant: GrantView): Grant {
  return {
    id: grant.id,
    label: grant.label,
    user: grant.user,
    state: grant.state,
    servers: [...grant.servers],
    created_at: isoTime(grant.createdAt),
    created_by: grant.createdBy,
    expires_at: isoTimeOrNull(grant.expiresAt),
    last_used_at: isoTimeOrNull(grant.lastUsedAt),
    revoked_at: isoTimeOrNull(grant.revokedAt),
  };
}

export function grantOperations({
  people: { grants },
  store,
  clock,
}: Pick<AdminDependencies, 'people' | 'store' | 'clock'>): Operation[] {
  return [
    operation(grantsApi.list, async (_input, { workspaceId }) => (await grants.list(workspaceId)).map(toGrant)),
    operation(grantsApi.issue, async ({ body }, { workspaceId, actor }) => {
      const known = new Set((await store.servers.list(workspaceId)).map((server) => server.name));
      const unknown = body.servers.filter((name) => !known.has(name));
      if (unknown.length > 0) {
        throw new GateError('not_found', `no server named ${unknown.join(', ')}; \`server list\` shows the names`);
      }
      const issued = await grants.issue(
        workspaceId,
        {
          label: body.label,
          servers: body.servers,
          ...(body.user === undefined ? {} : { user: body.user }),
          expiresAt: body.expires_in_s === undefined ? null : clock.now() + body.expires_in_s * 1000,
        },
        actor,
      );
      return { ...toGrant(issued.grant), token: issued.token };
    }),
    operation(
      grantsApi.revoke,
      async ({ params }, caller) => await grants.revoke(caller.workspaceId, params.id, caller.actor),
    ),
  ];
}
