// The owner of a channel, a link or a session, as a text to compare. Only the same owner may go on with one: another token of the same login
// may, another login of the same person may not.
import type { Principal } from './principal.ts';
import type { Revocation } from './revocation.ts';

/** The same person, the same credential, the same workspace. */
export function ownerOf({ workspaceId, user, credential }: Principal): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}

/** Whether a revocation means this owner. `owner`: as `ownerOf` writes it. */
export function isOwnerRevoked({ workspaceId, kind, id }: Revocation, owner: string): boolean {
  const [workspace, userId, , credentialId] = JSON.parse(owner) as unknown[];
  return workspace === workspaceId && id === (kind === 'user' ? userId : credentialId);
}
