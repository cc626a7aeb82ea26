// What is managed by a configuration: each thing with what it was when that was applied last, so that it is known what was changed by hand since.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createManagedMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    // Never written: what a rule is managed by stands in the table for all kinds.
    `alter table rules drop column managed_by`,
    `create table managed (
      workspace_id text not null references workspaces (id) on delete cascade,
      kind text not null,
      name text not null,
      managed_by text not null,
      applied_json text not null,
      applied_at ${int} not null,
      primary key (workspace_id, kind, name)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
