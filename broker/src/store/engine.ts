// What the two engines have in common: a query builder for everything, and one path of its own for the audit append, where a query
// builder's cost would be paid on every call.
import type { Kysely } from 'kysely';
import type { Bus } from '../domain/bus.ts';
import type { Announce } from './bus/announce.ts';
import type { AuditRow } from './audit-row.ts';
import type { Database } from './schema.ts';

/** The setting that a probe writes. */
export const PROBE_NAME = 'probed_at';

export type EngineKind = 'sqlite' | 'postgres';

export interface Engine {
  readonly kind: EngineKind;
  /** Throws only GateErrors: `conflict` where a key exists already, `unavailable` where the database does not answer, else `internal`. */
  readonly db: Kysely<Database>;
  /** All rows in one committed transaction, or none. */
  appendAudit(rows: readonly AuditRow[]): Promise<void>;
  /** Commits `text` where it is of use to nobody. Throws `unavailable` where the database does not answer or takes no writes. */
  probe(text: string): Promise<void>;
  readonly bus: Bus;
  announce: Announce;
  close(): Promise<void>;
}
