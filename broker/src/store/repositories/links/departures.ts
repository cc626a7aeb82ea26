// The departures of brokers that ended in good order: how far each of their channels had got. Each is kept until no laptop may resume a channel of it.
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readJson } from '../../json-text.ts';
import type { Database } from '../../schema.ts';
import type { Departure } from '../../../domain/channel-end.ts';

/** The departures of brokers that ended in good order. */
export interface DeparturesRepository {
  /** Keeps a departure until `expiresAt`, and removes those that had expired by `now`. */
  put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
  /** The departure of this broker, where it has not expired. */
  find(broker: string, now: number): Promise<Departure | undefined>;
}

const endsSchema = z.array(z.object({ id: z.string(), owner: z.string(), secretHash: z.string(), taken: z.int() }));

export function createDepartures(db: Kysely<Database>): DeparturesRepository {
  return {
    async put({ broker, ends, isComplete }, { expiresAt, now }) {
      await db.transaction().execute(async (trx) => {
        await trx.deleteFrom('departures').where('expires_at', '<=', now).execute();
        const row = { ends_json: JSON.stringify(ends), is_complete: isComplete ? 1 : 0, expires_at: expiresAt };
        await trx
          .insertInto('departures')
          .values({ broker, ...row })
          .execute();
      });
    },
    async find(broker, now) {
      const row = await db
        .selectFrom('departures')
        .selectAll()
        .where('broker', '=', broker)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const ends = readJson(endsSchema, row.ends_json, `the departure of broker ${broker}`);
      return { broker, ends, isComplete: row.is_complete === 1 };
    },
  };
}
