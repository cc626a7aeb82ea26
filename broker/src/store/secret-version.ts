// A version of a secret, without its value.

/** `staged`: tried and used by nothing yet; `current`: what connections are made with; `retired`: was current, and can be again. */
export type SecretState = 'staged' | 'current' | 'retired';

export interface SecretVersion {
  version: number;
  state: SecretState;
  source: string;
  /** Who set it; null where that was not kept. */
  setBy: string | null;
  createdAt: number;
  /** When its service takes it no more, as far as somebody has said. */
  expiresAt: number | null;
  retiredAt: number | null;
  lastUsedAt: number | null;
}

/** What is known of a value besides the value. */
export interface AboutSecret {
  setBy?: string | null;
  expiresAt?: number | null;
  /** What is in use until now must be this version; else nothing is changed, and `stale` is thrown. Left out: whatever it is. */
  ifVersion?: number | undefined;
}

/** Which broker sees to a staged version, and until when nobody else may throw it away. */
export interface StagingLease {
  holder: string;
  until: number;
}

/** A connection carried this version at that time. */
export interface SecretUse {
  workspaceId: string;
  name: string;
  version: number;
  at: number;
}
