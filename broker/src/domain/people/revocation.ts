// A revocation: a person, device, grant, administration token or browser session that ended, and which principals that means.
import type { Principal } from './principal.ts';

/** A committed revocation. Every link, session and call of a principal that it means must end at once. */
export interface Revocation {
  workspaceId: string;
  /** What `id` is the id of. `grant`: a labelled grant or an OAuth grant. */
  kind: 'user' | 'device' | 'grant' | 'admin-token' | 'session';
  id: string;
  reason: string;
}

/** The owner of a link, session, request or stream that is open now: as much of a principal as tells whether a revocation means it. */
export type Live = Pick<Principal, 'workspaceId' | 'user' | 'device'> & {
  credential: { kind: Principal['credential']['kind'] | 'admin-token'; id: string };
};

/** The ids of an owner that a revocation may name. */
export interface OwnerIds {
  workspaceId: string;
  user?: { id: string };
  device?: { id: string };
  credential: { id: string };
}

/** Whether the revocation means this owner. */
export function isRevoked({ workspaceId, kind, id }: Revocation, owner: OwnerIds): boolean {
  if (owner.workspaceId !== workspaceId) return false;
  if (kind === 'user') return owner.user?.id === id;
  if (kind === 'device') return owner.device?.id === id;
  return owner.credential.id === id;
}

/** Ends everything of the revoked principals that the listener has, and says how much that was. */
export type RevocationListener = (revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>;
