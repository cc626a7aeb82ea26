// Servers count their changes, so that nobody overwrites what they have not seen; and they can be renamed: what they were called is kept.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createServerRevisionsMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `alter table servers add column revision ${int} not null default 1`,
    `alter table servers add column folder text not null default ''`,
    `update servers set folder = name`,
    `create table server_names (
      workspace_id text not null references workspaces (id) on delete cascade,
      server_id text not null,
      name text not null,
      since ${int} not null,
      primary key (workspace_id, name, since, server_id)
    ${end}`,
    `create index server_names_by_server on server_names (server_id)`,
    `insert into server_names (workspace_id, server_id, name, since)
      select workspace_id, id, name, created_at from servers`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
