// What identity finds out about a bearer token: the principal behind it, or why it is rejected. Also the register of administration tokens, which
// have no principal.
import type { InTime, Part } from '../domain/bounds/part.ts';
import type { AdminToken } from '../domain/people/people.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { Actor, Receipt } from '../domain/people/receipt.ts';

/**
 * Why a token is rejected. `mistyped`: its checksum does not fit. `revoked`: it, or its device or grant, was revoked, or its user is disabled.
 * `wrong_audience`: it is for another door. `wrong_address`: a grant that may not be used from the address that it came from.
 */
export type RejectionReason =
  'missing' | 'unknown' | 'mistyped' | 'expired' | 'revoked' | 'wrong_audience' | 'wrong_address';

type Rejected = { kind: 'rejected'; reason: RejectionReason; message: string };

export type Authentication = { kind: 'ok'; principal: Principal } | Rejected;

export interface AdminTokens {
  /** Checks a token `mca_…` against the store. */
  authenticate(token: string): Promise<{ kind: 'ok'; token: AdminToken } | Rejected>;
  /** Makes a token, which no later answer shows again. Throws `usage`, `conflict` (an active token has the label). */
  issue(
    workspaceId: string,
    token: { label: string; role: AdminToken['role']; expiresAt?: number | null },
    actor: Actor,
  ): Promise<{ token: string; record: AdminToken }>;
  /** In the order in which they were made. */
  list(workspaceId: string, part?: Part<InTime>): Promise<AdminToken[]>;
  /** `idOrLabel`: an id, a prefix that fits only one id, or a label: then the active token of that label is meant, else the newest one. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor): Promise<Receipt>;
}
