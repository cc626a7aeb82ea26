// Definitions of tools, prompts and resource templates are kept as they were seen, and servers say what becomes of changed ones.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createDefinitionsMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `alter table servers add column definitions text not null default 'warn'`,
    `create table definitions (
      workspace_id text not null references workspaces (id) on delete cascade,
      server_id text not null references servers (id) on delete cascade,
      kind text not null,
      name text not null,
      digest text not null,
      text text not null,
      legacy_text text,
      owner text,
      flags_json text not null,
      seen_at ${int} not null,
      withdrawn_at ${int},
      accepted_at ${int},
      accepted_by text,
      primary key (server_id, kind, name, digest)
    ${end}`,
    `create index definitions_by_workspace on definitions (workspace_id, kind)`,
    `create table definition_lists (
      server_id text not null references servers (id) on delete cascade,
      kind text not null,
      since ${int} not null,
      primary key (server_id, kind)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
