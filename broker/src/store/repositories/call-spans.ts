// Spans of calls that are not known to have gone out. An append to the log commits them with the outcomes of their calls; here they are found, and removed.
import { sql, type Kysely } from 'kysely';
import { positionOf, ROWS_PER_CHAIN, seqAt } from '../audit/position.ts';
import type { RowPlace } from '../audit/row.ts';
import type { Database } from '../schema.ts';

/** What is kept beside the row of that place in its chain. */
export interface KeptBesideRow {
  seq: number;
  spans: string;
}

export interface CallSpansRepository {
  /** The last row of each chain that has any. */
  ends(): Promise<RowPlace[]>;
  /** Those of a chain after `after` and up to `upTo`, in order. */
  of(chain: string, span: { after: number; upTo: number }, limit: number): Promise<KeptBesideRow[]>;
  /** They have gone out. */
  remove(chain: string, seqs: readonly number[]): Promise<void>;
}

export function createCallSpans(db: Kysely<Database>): CallSpansRepository {
  async function numberOf(name: string): Promise<number | undefined> {
    return (await db.selectFrom('audit_chains').select('id').where('name', '=', name).executeTakeFirst())?.id;
  }

  return {
    async ends() {
      const { rows } = await sql<{ chain: string; position: number }>`
        select chain.name as chain, last.position from (
          select max(position) as position from call_spans group by position / ${sql.lit(ROWS_PER_CHAIN)}
        ) as last join audit_chains as chain on chain.id = last.position / ${sql.lit(ROWS_PER_CHAIN)}
        order by last.position`.execute(db);
      return rows.map(({ chain, position }) => ({ chain, seq: seqAt(position) }));
    },
    async of(chain, { after, upTo }, limit) {
      const number = await numberOf(chain);
      if (number === undefined) return [];
      const rows = await db
        .selectFrom('call_spans')
        .selectAll()
        .where('position', '>', positionOf(number, after))
        .where('position', '<=', positionOf(number, upTo))
        .orderBy('position')
        .limit(limit)
        .execute();
      return rows.map(({ position, spans }) => ({ seq: seqAt(position), spans }));
    },
    async remove(chain, seqs) {
      const number = await numberOf(chain);
      if (number === undefined || seqs.length === 0) return;
      const positions = seqs.map((seq) => positionOf(number, seq));
      await db.deleteFrom('call_spans').where('position', 'in', positions).execute();
    },
  };
}
