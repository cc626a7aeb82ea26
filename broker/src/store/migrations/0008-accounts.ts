// Servers say whose account they are used with, and people and the company have such accounts.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createAccountsMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `alter table servers add column credential text not null default 'shared'`,
    `alter table servers add column account_json text`,
    `create table accounts (
      workspace_id text not null references workspaces (id) on delete cascade,
      server_id text not null references servers (id) on delete cascade,
      owner text not null,
      user_id text references users (id) on delete cascade,
      kind text not null,
      state text not null,
      version ${int} not null,
      sealed ${bytes} not null,
      scopes_json text not null,
      wanted_json text not null,
      expires_at ${int},
      lease_holder text,
      lease_until ${int},
      in_use_since ${int},
      created_at ${int} not null,
      updated_at ${int} not null,
      primary key (server_id, owner)
    ${end}`,
    `create index accounts_by_owner on accounts (owner, workspace_id)`,
    `create index accounts_by_user on accounts (user_id)`,
    `create table oauth_registrations (
      workspace_id text not null references workspaces (id) on delete cascade,
      issuer text not null,
      redirect_uri text not null,
      sealed ${bytes} not null,
      created_at ${int} not null,
      primary key (workspace_id, issuer, redirect_uri)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
