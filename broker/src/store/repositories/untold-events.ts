// Events of the audit log that were committed with the changes that they are about, until the log itself has them. Who commits them has them told; where
// that broker ends before, another one does once the lease is over.
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { AuditEvent } from '../../domain/call-record.ts';
import { readJson } from '../json-text.ts';
import type { Database } from '../schema.ts';

export interface UntoldBatch {
  batch: string;
  createdAt: number;
  /** Those that the log may not have yet, in their order. */
  events: { place: number; event: AuditEvent }[];
}

export interface UntoldEventsRepository {
  put(
    workspaceId: string,
    batch: string,
    events: readonly AuditEvent[],
    times: { now: number; leaseUntil: number },
  ): Promise<void>;
  /** Takes the oldest batch that nobody has a lease of. `now`: Infinity where no other broker can have one. */
  lease(now: number, until: number): Promise<UntoldBatch | undefined>;
  /** The log has it. */
  done(batch: string, place: number): Promise<void>;
}

const eventForm: z.ZodType<AuditEvent> = z.object({
  workspace_id: z.string(),
  type: z.string(),
  actor: z.string(),
  subject: z.string().nullable(),
  address: z.string().nullable(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
});

export function createUntoldEvents(db: Kysely<Database>): UntoldEventsRepository {
  return {
    async put(workspaceId, batch, events, { now, leaseUntil }) {
      for (const [place, event] of events.entries())
        await db
          .insertInto('untold_events')
          .values({
            ...{ batch, place, workspace_id: workspaceId, event_json: JSON.stringify(event) },
            ...{ created_at: now, lease_until: leaseUntil },
          })
          .execute();
    },
    lease: (now, until) =>
      db.transaction().execute(async (trx) => {
        let oldest = trx.selectFrom('untold_events').select('batch').orderBy('created_at').orderBy('batch');
        if (now !== Infinity) oldest = oldest.where('lease_until', '<=', now);
        const found = await oldest.executeTakeFirst();
        if (found === undefined) return undefined;
        let claim = trx.updateTable('untold_events').set({ lease_until: until }).where('batch', '=', found.batch);
        if (now !== Infinity) claim = claim.where('lease_until', '<=', now);
        const rows = await claim.returningAll().execute();
        const [first] = rows;
        if (first === undefined) return undefined;
        return {
          ...{ batch: found.batch, createdAt: first.created_at },
          events: rows
            .toSorted((a, b) => a.place - b.place)
            .map(({ place, event_json: json }) => ({ place, event: readJson(eventForm, json, `an untold event`) })),
        };
      }),
    async done(batch, place) {
      await db.deleteFrom('untold_events').where('batch', '=', batch).where('place', '=', place).execute();
    },
  };
}
