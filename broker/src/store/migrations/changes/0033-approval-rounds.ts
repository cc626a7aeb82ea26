// How often an approval was given back because the server of its call asked its client for more.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createApprovalRoundsMigration(kind: EngineKind): Migration {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  return {
    async up(db) {
      await sql.raw(`alter table approvals add column rounds ${int} not null default 0`).execute(db);
    },
  };
}
