// Who of a group is on call, and until when: the largest whole number where no end was said.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createOnCallMigration(kind: EngineKind): Migration {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  return {
    async up(db) {
      await sql.raw(`alter table group_members add column on_call_until ${int}`).execute(db);
    },
  };
}
