// How somebody signed in: passkeys, and what a browser session knows of the sign-in behind it.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createSignInMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `create table passkeys (
      id text primary key,
      workspace_id text not null references workspaces (id) on delete cascade,
      user_id text not null references users (id) on delete cascade,
      credential_id text not null unique,
      public_key ${bytes} not null,
      counter ${int} not null,
      transports_json text not null,
      backed_up ${int} not null,
      name text not null,
      created_at ${int} not null,
      last_used_at ${int}
    ${end}`,
    `create index passkeys_by_user on passkeys (user_id)`,
    `alter table web_sessions add column authenticated_at ${int} not null default 0`,
    `update web_sessions set authenticated_at = created_at`,
    `alter table web_sessions add column proof_hash text`,
    `alter table web_sessions add column method text not null default 'password'`,
    `alter table web_sessions add column second_factor text`,
    `alter table web_sessions add column weak_password ${int} not null default 0`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
