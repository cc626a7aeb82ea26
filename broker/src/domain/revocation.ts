// Something that ended, and whom that means.
import type { Principal } from './principal.ts';

/** Every live link, session and call of a matching principal must end at once. */
export interface Revocation {
  workspaceId: string;
  /** What matches: the id of a user, a device, a grant (a labelled grant's or an OAuth grant's), an administration token. */
  kind: 'user' | 'device' | 'grant' | 'admin-token';
  id: string;
  reason: string;
}

/** Whose something is that lives: a link, a session, a request, a stream. */
export type Live = Pick<Principal, 'workspaceId' | 'user' | 'device'> & {
  credential: { kind: Principal['credential']['kind'] | 'admin-token'; id: string };
};

export function isRevoked({ workspaceId, kind, id }: Revocation, principal: Principal): boolean {
  if (principal.workspaceId !== workspaceId) return false;
  if (kind === 'user') return principal.user?.id === id;
  if (kind === 'device') return principal.device?.id === id;
  return principal.credential.id === id;
}

export type RevocationListener = (revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>;
