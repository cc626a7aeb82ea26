// Whose a channel, a link or a session is: another token of the same login may go on with it, and nobody else.
import type { Principal } from './principal.ts';
import type { Revocation } from './revocation.ts';

/** The same person, the same credential, the same workspace. */
export function ownerOf({ workspaceId, user, credential }: Principal): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}

/** Whether a revocation means whoever `ownerOf` has named so. */
export function isOwnerRevoked({ workspaceId, kind, id }: Revocation, owner: string): boolean {
  const [workspace, userId, , credentialId] = JSON.parse(owner) as unknown[];
  return workspace === workspaceId && id === (kind === 'user' ? userId : credentialId);
}
