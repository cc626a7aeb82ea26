// Adds administration tokens, and the addresses that a grant may be used from. Existing grants may be used from anywhere.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createTokensMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `alter table grants add column allow_from_json text not null default '[]'`,
    `create table admin_tokens (
      id text primary key,
      workspace_id text not null references workspaces (id),
      label text not null,
      role text not null,
      token_hash text not null unique,
      expires_at ${int},
      created_at ${int} not null,
      created_by text not null,
      last_used_at ${int},
      revoked_at ${int}
    ${end}`,
    `create index admin_tokens_by_workspace on admin_tokens (workspace_id)`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
