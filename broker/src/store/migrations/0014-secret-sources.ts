// Where the values of secrets come from that are not kept here. Of a version that was read there a keyed fingerprint is kept, and its value, sealed,
// only where somebody has said for how long.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createSecretSourcesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `create table secret_sources (
      workspace_id text not null references workspaces (id),
      name text not null,
      reference text not null,
      keep_for_ms ${int} not null,
      refresh_ms ${int},
      first_version ${int} not null,
      set_at ${int} not null,
      primary key (workspace_id, name)
    ${end}`,
    `alter table secret_versions add column fingerprint text`,
    `alter table secret_versions add column kept_until ${int}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
