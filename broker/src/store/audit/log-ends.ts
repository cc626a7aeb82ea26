// How far each chain of the log has got.
import { sql, type Kysely } from 'kysely';
import type { Moment } from '../../domain/record-id.ts';
import type { Database } from '../schema.ts';
import { ROWS_PER_CHAIN, seqAt } from './position.ts';

export interface LogEnd {
  /** Grows from chain to chain, in the order in which they were begun. */
  number: number;
  chain: string;
  /** Of its last row. */
  seq: number;
  at: Moment;
}

/** Of all chains that have rows. */
export async function logEnds(db: Kysely<Database>): Promise<LogEnd[]> {
  const first = sql`cast(chain.id as bigint) * ${sql.lit(ROWS_PER_CHAIN)}`;
  const { rows } = await sql<{ id: number; name: string; position: number; at: Moment }>`
    select last.id, last.name, last.position, head.at from (
      select chain.id, chain.name, (
        select max(position) from audit_rows
        where position >= ${first} and position < ${first} + ${sql.lit(ROWS_PER_CHAIN)}
      ) as position from audit_chains as chain
    ) as last join audit_rows as head on head.position = last.position order by last.id`.execute(db);
  return rows.map(({ id, name, position, at }) => ({ number: id, chain: name, seq: seqAt(position), at }));
}
