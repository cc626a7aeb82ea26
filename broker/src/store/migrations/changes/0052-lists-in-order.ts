// What lists are read by, part after part: an index for each in its order, so that a part reads no more than itself. On PostgreSQL the names of definitions
// are ordered character by character, as on SQLite and not as in some language; this makes the index of their table anew, and no row.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createListsInOrderMigration(kind: EngineKind): Migration {
  const statements = [
    ...(kind === 'postgres' ? ['alter table definitions alter column name type text collate "C"'] : []),
    'create index web_sessions_in_time on web_sessions (workspace_id, created_at desc, token_hash)',
    'create index proposals_in_time on proposals (workspace_id, created_at, id)',
    'create index approvals_in_time on approvals (workspace_id, created_at, id)',
    // These begin as the ones that they take the place of.
    ...['devices', 'grants', 'admin_tokens'].flatMap((table) => [
      `create index ${table}_in_time on ${table} (workspace_id, created_at, id)`,
      `drop index ${table}_by_workspace`,
    ]),
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
