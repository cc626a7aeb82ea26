// Rules that were removed and may be missed: what they said, until somebody says that it was meant.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createRemovedRulesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `create table removed_rules (
      workspace_id text not null references workspaces (id) on delete cascade,
      id text not null,
      sentence text not null,
      removed_by text not null,
      removed_at ${int} not null,
      primary key (workspace_id, id)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
