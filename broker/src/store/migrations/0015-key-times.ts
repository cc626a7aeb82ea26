// From when on each key signs. Keys of before sign since they were made.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createKeyTimesMigration(kind: EngineKind): Migration {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  return {
    async up(db) {
      await sql.raw(`alter table signing_keys add column signs_from ${int}`).execute(db);
    },
  };
}
