// Calls are found by their caller, their policy and their session: indexes of what stands in the bodies of rows, so that rows that are there are found, too,
// and none is written anew. A person's calls are found by their callers, so an index by who acted is needed for rows of format 1 alone.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { bodySql } from '../../audit/body-words.ts';
import type { EngineKind } from '../../engine.ts';

export function createFoundCallsMigration(kind: EngineKind): Migration {
  const { caller, policy, session, isOld } = bodySql(kind);
  const statements = [
    'drop index audit_calls_by_actor',
    `create index audit_calls_by_caller on audit_rows (${caller}, at) where kind = 1`,
    `create index audit_calls_by_policy on audit_rows (${policy}, at) where kind = 1`,
    `create index audit_calls_by_session on audit_rows (${session}, at) where kind = 1`,
    `create index audit_old_calls_by_actor on audit_rows (actor, at) where kind = 1 and ${isOld}`,
    `create index audit_old_calls_by_time on audit_rows (workspace, at) where kind = 1 and ${isOld}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
