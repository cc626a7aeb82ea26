// The audit log: the engine appends its rows, and this reads them. There is no function that changes or removes a row.
import { sql } from 'kysely';
import type { Engine } from '../engine.ts';
import type { LogSource } from '../audit/log-connection.ts';
import { logEnds, type LogEnd } from '../audit/log-ends.ts';
import { positionOf, ROWS_PER_CHAIN, seqAt } from '../audit/position.ts';
import type { RowColumns } from '../audit/row-columns.ts';
import { FORMAT } from '../audit/row.ts';
import type { AuditRow, ChainHead, NewRow, RowOf, RowPlace } from '../audit/row.ts';
import { createRowReader } from '../audit/row-reader.ts';
import { otherNamesOf, type NameSpan } from './servers/server-names.ts';
import { createRowReads, MAX_ROWS, type RowReads } from '../audit/row-reads.ts';

export interface AuditRepository extends RowReads {
  /** Begins a chain; nothing where there is one of that name. */
  beginChain(name: string): Promise<void>;
  /**
   * Appends all rows in one transaction. Every call waits for it twice, so the statement is prepared once. Their chains have begun. Throws
   * `unavailable`; as an AppendInDoubt where the answer was lost, so that the rows may have been committed or not.
   */
  append(rows: readonly NewRow[]): Promise<void>;
  /** A chain's rows from `fromSeq` on, in order. */
  chain(name: string, fromSeq: number, limit: number): Promise<AuditRow[]>;
  /** The last row of a chain; undefined where it has none. */
  last(name: string): Promise<ChainHead | undefined>;
  /** The last rows of all chains that have any, in the order in which the chains have begun. */
  heads(): Promise<ChainHead[]>;
  /** The sealed arguments that are kept with that row; undefined: there are none. */
  argumentsOf(row: RowPlace): Promise<Uint8Array | undefined>;
  /** The names that a server of that name has or had, in the times in which they were its. */
  serverNames(workspaceId: string, name: string): Promise<NameSpan[]>;
  /** How far each chain has got. */
  ends(): Promise<LogEnd[]>;
  /** Where other threads find the log. */
  source(): LogSource;
  /** The first rows of chains of this format. */
  openings(): Promise<RowOf<'chain'>[]>;
}

/** So many chains are asked for at once. */
const CHAINS_AT_ONCE = 1_000;

export function createAuditRows(engine: Engine): AuditRepository {
  const { db, words: book } = engine;
  const reader = createRowReader(db, book);
  /** The numbers of chains that were begun here, by name. */
  const begun = new Map<string, number>();

  async function numberOf(name: string): Promise<number | undefined> {
    const chain = await db.selectFrom('audit_chains').select('id').where('name', '=', name).executeTakeFirst();
    return chain?.id;
  }

  async function archivedEnd(name: string, number: number): Promise<ChainHead | undefined> {
    const span = await db
      .selectFrom('audit_archived_spans')
      .select(['to_position', 'hash'])
      .where('to_position', '>=', positionOf(number, 0))
      .where('to_position', '<', positionOf(number + 1, 0))
      .orderBy('to_position', 'desc')
      .limit(1)
      .executeTakeFirst();
    return span && { chain: name, seq: seqAt(span.to_position), hash: Buffer.from(span.hash).toString('hex') };
  }

  async function at(positions: readonly number[]): Promise<AuditRow[]> {
    const found: RowColumns[] = [];
    for (let start = 0; start < positions.length; start += CHAINS_AT_ONCE) {
      const some = positions.slice(start, start + CHAINS_AT_ONCE);
      found.push(...(await db.selectFrom('audit_rows').selectAll().where('position', 'in', some).execute()));
    }
    return await reader.read(found.toSorted((a, b) => a.position - b.position));
  }

  return {
    ...createRowReads({ db, kind: engine.kind, reader }),
    async beginChain(name) {
      await db
        .insertInto('audit_chains')
        .values({ name, format: FORMAT })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const number = await numberOf(name);
      if (number !== undefined) begun.set(name, number);
    },
    append: (rows) => engine.appendAudit(rows, begun),
    async chain(name, fromSeq, limit) {
      const number = await numberOf(name);
      if (number === undefined) return [];
      const rows = await db
        .selectFrom('audit_rows')
        .selectAll()
        .where('position', '>=', positionOf(number, fromSeq))
        .where('position', '<', positionOf(number + 1, 0))
        .orderBy('position')
        .limit(Math.min(limit, MAX_ROWS))
        .execute();
      return await reader.read(rows);
    },
    async last(name) {
      const number = await numberOf(name);
      if (number === undefined) return undefined;
      const row = await db
        .selectFrom('audit_rows')
        .select(['position', 'hash'])
        .where('position', '>=', positionOf(number, 0))
        .where('position', '<', positionOf(number + 1, 0))
        .orderBy('position', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (row === undefined) return await archivedEnd(name, number);
      return { chain: name, seq: seqAt(row.position), hash: Buffer.from(row.hash).toString('hex') };
    },
    async heads() {
      const first = sql`cast(chain.id as bigint) * ${sql.lit(ROWS_PER_CHAIN)}`;
      const heads = await sql<{ name: string; position: number; hash: Uint8Array }>`
        select last.name, last.position, head.hash from (
          select chain.name, (
            select max(position) from audit_rows
            where position >= ${first} and position < ${first} + ${sql.lit(ROWS_PER_CHAIN)}
          ) as position from audit_chains as chain
        ) as last join audit_rows as head on head.position = last.position order by last.position`.execute(db);
      return heads.rows.map(({ name, position, hash }) => ({
        ...{ chain: name, seq: seqAt(position), hash: Buffer.from(hash).toString('hex') },
      }));
    },
    async argumentsOf({ chain, seq }) {
      const number = await numberOf(chain);
      if (number === undefined) return undefined;
      const query = db.selectFrom('audit_arguments').select('sealed').where('position', '=', positionOf(number, seq));
      return (await query.executeTakeFirst())?.sealed;
    },
    async serverNames(workspaceId, name) {
      const always = { name, from: 0, until: Number.MAX_SAFE_INTEGER };
      return [always, ...(await otherNamesOf(db, workspaceId, name))];
    },
    ends: () => logEnds(db),
    source: () => engine.log,
    async openings() {
      const chains = await db.selectFrom('audit_chains').select('id').where('format', '=', FORMAT).execute();
      const rows = await at(chains.map(({ id }) => positionOf(id, 0)));
      return rows.filter((row) => row.kind === 'chain');
    },
  };
}
