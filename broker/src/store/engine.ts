// The interface of the two engines: a query builder for everything, except that each engine appends to the audit log in its own way, because the query
// builder's cost would be paid in every call.
import type { Kysely } from 'kysely';
import type { Bus } from '../domain/bus.ts';
import type { Announce } from './bus/announce.ts';
import type { LogSource } from './audit/log-connection.ts';
import type { NewRow } from './audit/row.ts';
import type { WordBook } from './audit/words.ts';
import type { Database } from './schema.ts';

/** The name of the setting that `probe` writes. */
export const PROBE_NAME = 'probed_at';

/** When a commit is answered: once it outlives the process, or once it is on disk and outlives a power cut too. */
export type Durability = 'commit' | 'disk';

export type EngineKind = 'sqlite' | 'postgres';

export interface Engine {
  readonly kind: EngineKind;
  /** Throws only GateErrors: `conflict` where a key exists already, `unavailable` where the database does not answer, else `internal`. */
  readonly db: Kysely<Database>;
  /** Appends all rows in one transaction, or none of them. `chains`: the numbers of the chains that the rows name. */
  appendAudit(rows: readonly NewRow[], chains: ReadonlyMap<string, number>): Promise<void>;
  /** Where other threads find the log. */
  readonly log: LogSource;
  /** The words of the audit log that were used last. */
  readonly words: WordBook;
  /** Tries a write: commits `text` under a name that nothing reads. Throws `unavailable` where the database does not answer or takes no writes. */
  probe(text: string): Promise<void>;
  readonly bus: Bus;
  announce: Announce;
  close(): Promise<void>;
}
