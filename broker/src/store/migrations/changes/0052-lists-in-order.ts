// What lists are read by, part after part: an index for each in its order, so that a part reads no more than itself. On PostgreSQL the names of definitions
// are ordered character by character, as on SQLite and not as in some language; that makes the index of their table anew, and no row of it.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createListsInOrderMigration(kind: EngineKind): Migration {
  const statements = [
    ...(kind === 'postgres' ? ['alter table definitions alter column name type text collate "C"'] : []),
    'create index web_sessions_in_time on web_sessions (workspace_id, created_at desc, token_hash)',
    'create index web_sessions_of_user_in_time on web_sessions (user_id, created_at desc, token_hash)',
    'drop index web_sessions_by_user',
    'create index devices_of_user_in_time on devices (user_id, created_at, id)',
    'drop index devices_by_user',
    'create index proposals_in_time on proposals (workspace_id, created_at, id)',
    'create index approvals_in_time on approvals (workspace_id, created_at, id)',
    // Whoever asks for an object by its `uid` says of which kind.
    'create index oauth_objects_by_kind_and_uid on oauth_objects (kind, uid, id_hash)',
    'drop index oauth_objects_by_uid',
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
