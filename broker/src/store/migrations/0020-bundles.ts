// Bundles of tools, and the bundle that a group's people get by default. The tools are kept as one text, because they are only read and written together.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createBundlesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `create table bundles (
      workspace_id text not null references workspaces (id),
      name text not null,
      description text,
      tools_json text not null,
      created_at ${int} not null,
      updated_at ${int} not null,
      created_by text not null,
      primary key (workspace_id, name)
    ${end}`,
    `alter table groups add column default_bundle text`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
