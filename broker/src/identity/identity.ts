// People, groups, devices, grants and the OAuth server. `authenticate` is the one door for bearer tokens.
import type { Audience, Principal } from '../domain/principal.ts';

export type Authentication =
  | { kind: 'ok'; principal: Principal }
  /** `revoked` covers disabled users and revoked devices and grants; `wrong_audience` a token meant for another door. */
  | { kind: 'rejected'; reason: 'missing' | 'unknown' | 'expired' | 'revoked' | 'wrong_audience'; message: string };

/** Something that ended: every live link, session and call of a matching principal must end at once. */
export interface Revocation {
  workspaceId: string;
  /** What matches: a user id, a device id, a grant id. */
  kind: 'user' | 'device' | 'grant';
  id: string;
  reason: string;
}

export interface Receipt {
  /** `user:ada`, `device:…`, `grant:…` */
  subject: string;
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  at: string;
}

export interface Identity {
  /** Checks the token, the credential behind it and its person, now. A rejection is recorded in the audit log by the caller's edge. */
  authenticate(bearer: string | undefined, audience: Audience): Promise<Authentication>;
  /** Whether the principal may still act; asked before every call of a long-lived session. Cheap: in memory, kept current by revocations. */
  onRevoked(listener: (revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>): () => void;
}
