// Whose a channel, a link or a session is: another token of the same login may go on with it, and nobody else.
import type { Principal } from './principal.ts';

/** The same person, the same credential, the same workspace. */
export function ownerOf({ workspaceId, user, credential }: Principal): string {
  return JSON.stringify([workspaceId, user?.id, credential.kind, credential.id]);
}
