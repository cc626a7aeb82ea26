// Values that belong to the database as a whole.
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';

/** Values that belong to the database as a whole. */
export interface SettingsRepository {
  /** Keeps `value` unless the name has a value already; returns the kept one. */
  putIfAbsent(name: string, value: string): Promise<string>;
  find(name: string): Promise<string | undefined>;
  put(name: string, value: string): Promise<void>;
  /** Nothing where it has another value by now. */
  remove(name: string, value: string): Promise<void>;
}

export function createSettings(db: Kysely<Database>): SettingsRepository {
  return {
    async putIfAbsent(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirstOrThrow();
      return row.value;
    },
    async find(name) {
      const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    async put(name, value) {
      await db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
    async remove(name, value) {
      await db.deleteFrom('settings').where('name', '=', name).where('value', '=', value).execute();
    },
  };
}
