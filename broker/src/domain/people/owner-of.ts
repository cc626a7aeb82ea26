// The owner of a channel, a link or a session, as a text to compare. Only the same owner may go on with one: another token of the same login
// may, another login of the same person may not.
import type { CredentialKind, Principal } from './principal.ts';
import { isRevoked, type OwnerIds, type Revocation } from './revocation.ts';

/** The same person, the same credential, the same workspace. */
export function ownerOf({ workspaceId, user, credential }: Principal): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}

/** Whether a revocation means this owner. `owner`: as `ownerOf` writes it. */
export function isOwnerRevoked(revocation: Revocation, owner: string): boolean {
  return isRevoked(revocation, readOwner(owner));
}

function readOwner(owner: string): OwnerIds {
  const written = JSON.parse(owner) as [workspaceId: string, userId: string | null, kind: CredentialKind, id: string];
  const [workspaceId, userId, kind, id] = written;
  return {
    workspaceId,
    ...(userId !== null && { user: { id: userId } }),
    ...(kind === 'device' && { device: { id } }),
    credential: { id },
  };
}
