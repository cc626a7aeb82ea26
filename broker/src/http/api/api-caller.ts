// Who a bearer token of the API belongs to: a person, or an administration token.
import type { Caller } from '../../admin/operation.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Identity } from '../../identity/identity.ts';
import { rejected } from '../rejection.ts';

/** Throws `not_logged_in`, and records it, where the token is not good here. */
export function createResolveCaller(parts: {
  identity: Pick<Identity, 'authenticate' | 'adminTokens'>;
  audit: Pick<Audit, 'refused'>;
}): (bearer: string | undefined, address: string) => Promise<Caller> {
  const { identity, audit } = parts;
  return async (bearer, address) => {
    if (bearer?.startsWith('mca_') === true) {
      const answer = await identity.adminTokens.authenticate(bearer);
      if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'api', address });
      const { id, label, role, workspaceId } = answer.token;
      const name = `admin-token:${label}`;
      const credential = { kind: 'admin-token', id, label } as const;
      return { actor: { name, address }, role, workspaceId, homeWorkspaceId: workspaceId, credential };
    }
    const answer = await identity.authenticate(bearer, 'api', address);
    if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'api', address });
    const { principal } = answer;
    const { user, workspaceId, credential } = principal;
    const name = user?.name ?? `grant:${credential.label}`;
    const role = user?.role ?? 'member';
    return { actor: { name, address }, role, workspaceId, homeWorkspaceId: workspaceId, credential, principal };
  };
}
