// The table of the versions of secrets, for the query builder.
import type { Generated } from 'kysely';
import type { SecretState } from './secret-version.ts';

/** `lease_*`: which broker sees to a staged one, and until when. */
export interface SecretVersionsTable {
  workspace_id: string;
  name: string;
  version: number;
  state: SecretState;
  source: string;
  sealed: Uint8Array;
  set_by: string | null;
  created_at: number;
  expires_at: number | null;
  retired_at: number | null;
  last_used_at: number | null;
  lease_holder: string | null;
  lease_until: number | null;
  /** Of a value that was read from a source; `sealed` is empty then, or is kept until that time. */
  fingerprint: Generated<string | null>;
  kept_until: Generated<number | null>;
  /** 1: the services took it, 0: they did not; null: not known. */
  verified: Generated<number | null>;
}
