// What a token that somebody presents turns out to be.
import type { AdminToken } from '../domain/people.ts';
import type { Principal } from '../domain/principal.ts';
import type { Actor, Receipt } from '../domain/receipt.ts';

/**
 * `mistyped`: a token whose checksum does not fit; `revoked` covers disabled users and revoked devices and grants; `wrong_audience`: a
 * token meant for another door; `wrong_address`: a grant that may not be used from there.
 */
export type RejectionReason =
  'missing' | 'unknown' | 'mistyped' | 'expired' | 'revoked' | 'wrong_audience' | 'wrong_address';

type Rejected = { kind: 'rejected'; reason: RejectionReason; message: string };

export type Authentication = { kind: 'ok'; principal: Principal } | Rejected;

export interface AdminTokens {
  /** Checks a token `mca_…`, now. */
  authenticate(token: string): Promise<{ kind: 'ok'; token: AdminToken } | Rejected>;
  /** The token is in this answer only. Throws `usage`, `conflict` (label in use by a token that is active). */
  issue(
    workspaceId: string,
    token: { label: string; role: AdminToken['role']; expiresAt?: number | null },
    actor: Actor,
  ): Promise<{ token: string; record: AdminToken }>;
  list(workspaceId: string): Promise<AdminToken[]>;
  /** By id (or a prefix that fits one only) or by label: of the active token, else of the last one. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor): Promise<Receipt>;
}
