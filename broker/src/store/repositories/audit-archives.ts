// Which rows of the audit log stand in archives, and their end in the database. A row is removed here and nowhere else; the triggers of its table refuse
// what stands in no archive.
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';

export interface ArchiveRow {
  number: number;
  name: string;
  /** As it was signed (JSON), and the signature of it. */
  statement: string;
  signature: string;
  /** When its first and last rows were made, and when it was put in; ms since the epoch. */
  since: number;
  until: number;
  at: number;
  rows: number;
  /** Of the file. */
  bytes: number;
}

/** Rows of one chain, by their positions. `prevHash`: of the row before; hex. */
export interface ArchivedSpan {
  archive: number;
  from: number;
  to: number;
  prevHash: string;
  hash: string;
  sealKey: string | null;
}

export interface AuditArchivesRepository {
  /** In the order in which they were made. */
  list(): Promise<ArchiveRow[]>;
  /** Puts it in with its spans. Throws `conflict` where another broker has archived the same, or with the same number. */
  add(archive: ArchiveRow, spans: readonly Omit<ArchivedSpan, 'archive'>[]): Promise<void>;
  /** The archives of which rows stand in the database still, with how many there are at most. */
  unfinished(): Promise<{ number: number; name: string; rows: number }[]>;
  /**
   * Removes some rows of the archive, the last ones first, so that each row that is left has the one before it: `limit`, and as many more as leave a row
   * with a seal behind, so that nobody can put rows there that look as if they were going. Returns how many; 0: there is none left.
   */
  removeSome(number: number, limit: number): Promise<number>;
  /** Makes this broker the one that archives, or goes on with it. False: another one does, of `others` that run. */
  lease(lease: { holder: string; now: number; until: number; others: readonly string[] }): Promise<boolean>;
  release(holder: string): Promise<void>;
}

/** A lease that goes farther was taken before the clock stepped back. */
const MOST_AHEAD_MS = 2 * 3_600_000;

export function createAuditArchives(db: Kysely<Database>): AuditArchivesRepository {
  return {
    async list() {
      const rows = await db.selectFrom('audit_archives').selectAll().orderBy('number').execute();
      return rows.map(({ archived_at: at, ...row }) => ({ ...row, at }));
    },
    async add({ at, ...archive }, spans) {
      await db.transaction().execute(async (trx) => {
        await trx
          .insertInto('audit_archives')
          .values({ ...archive, archived_at: at })
          .execute();
        for (const { from, to, prevHash, hash, sealKey } of spans)
          await trx
            .insertInto('audit_archived_spans')
            .values({
              ...{ from_position: from, to_position: to, archive: archive.number, seal_key: sealKey },
              ...{ prev_hash: Buffer.from(prevHash, 'hex'), hash: Buffer.from(hash, 'hex') },
            })
            .execute();
      });
    },
    async unfinished() {
      const { rows } = await sql<{ number: number; name: string; rows: number }>`
        select number, name, cast(sum(last - from_position + 1) as bigint) as rows from (
          select archive.number, archive.name, span.from_position, (
            select max(position) from audit_rows where position between span.from_position and span.to_position
          ) as last from audit_archived_spans as span join audit_archives as archive on archive.number = span.archive
        ) as found where last is not null group by number, name order by number`.execute(db);
      return rows;
    },
    removeSome: (number, limit) =>
      db.transaction().execute(async (trx) => {
        let left = limit;
        const spans = await trx
          .selectFrom('audit_archived_spans')
          .select(['from_position', 'to_position', 'seal_key'])
          .where('archive', '=', number)
          .orderBy('from_position', 'desc')
          .execute();
        for (const { from_position: from, to_position: to, seal_key: sealKey } of spans) {
          const rows = await trx
            .selectFrom('audit_rows')
            .select('position')
            .where('position', '>=', from)
            .where('position', '<=', to)
            .orderBy('position', 'desc')
            .limit(left)
            .execute();
          const last = rows.at(-1)?.position;
          if (last === undefined) continue;
          // Rows of format 1 have no seals.
          const first = sealKey === null || last === from ? last : await behindSeal(trx, from, last);
          for (const table of ['audit_arguments', 'audit_rows'] as const)
            await trx.deleteFrom(table).where('position', '>=', first).where('position', '<=', to).execute();
          left -= rows.length + last - first;
          if (left <= 0) break;
        }
        return limit - left;
      }),
    async lease({ holder, now, until, others }) {
      const row = await db
        .insertInto('audit_archiving')
        .values({ id: 1, holder, lease_until: until })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ holder, lease_until: until })
            .where((eb) =>
              eb.or([
                eb('audit_archiving.lease_until', '<=', now),
                eb('audit_archiving.lease_until', '>', now + MOST_AHEAD_MS),
                eb('audit_archiving.holder', '=', holder),
                ...(others.length === 0 ? [sql<boolean>`1 = 1`] : [eb('audit_archiving.holder', 'not in', others)]),
              ]),
            ),
        )
        .returning('holder')
        .executeTakeFirst();
      return row !== undefined;
    },
    async release(holder) {
      await db
        .updateTable('audit_archiving')
        .set({ lease_until: 0 })
        .where('id', '=', 1)
        .where('holder', '=', holder)
        .execute();
    },
  };
}

/** The position behind the last row with a seal before `position`; `from` where there is none. */
async function behindSeal(db: Kysely<Database>, from: number, position: number): Promise<number> {
  const sealed = await db
    .selectFrom('audit_rows')
    .select('position')
    .where('position', '>=', from)
    .where('position', '<', position)
    .where('seal', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return sealed === undefined ? from : sealed.position + 1;
}
