// The operations on administration tokens.
import { adminTokensApi, type AdminToken } from 'mcpgate-shared/api/admin-tokens';
import type { AdminToken as TokenOfPeople } from '../domain/people/people.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { InTimeSchema, longListOperation } from './lists/list-operation.ts';
import { operation, type Operation } from './operation.ts';

function toAdminToken(token: TokenOfPeople): AdminToken {
  return {
    id: token.id,
    label: token.label,
    role: token.role,
    state: token.state,
    created_at: isoTime(token.createdAt),
    created_by: token.createdBy,
    expires_at: isoTimeOrNull(token.expiresAt),
    last_used_at: isoTimeOrNull(token.lastUsedAt),
    revoked_at: isoTimeOrNull(token.revokedAt),
  };
}

export function adminTokenOperations({
  people: { adminTokens },
  clock,
}: Pick<AdminDependencies, 'people' | 'clock'>): Operation[] {
  return [
    longListOperation(
      adminTokensApi.list,
      InTimeSchema,
      (_input, { workspaceId }) =>
        async (part) =>
          (await adminTokens.list(workspaceId, part)).map((token) => ({
            item: toAdminToken(token),
            place: { at: token.createdAt, id: token.id },
          })),
    ),
    operation(adminTokensApi.issue, async ({ body }, { workspaceId, actor }) => {
      const expiresAt = body.expires_in_s === undefined ? null : clock.now() + body.expires_in_s * 1000;
      const { label, role } = body;
      const { token, record } = await adminTokens.issue(workspaceId, { label, role, expiresAt }, actor);
      return { ...toAdminToken(record), token };
    }),
    operation(
      adminTokensApi.revoke,
      async ({ params }, caller) => await adminTokens.revoke(caller.workspaceId, params.id, caller.actor),
    ),
  ];
}
