// When something last arrived at a destination, and where the broker runs that tried last.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createLastDeliveriesMigration(kind: EngineKind): Migration {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  return {
    async up(db) {
      for (const table of ['delivery_states', 'log_feeds']) {
        await sql.raw(`alter table ${table} add column delivered_at ${int}`).execute(db);
        await sql.raw(`alter table ${table} add column tried_by text`).execute(db);
      }
    },
  };
}
