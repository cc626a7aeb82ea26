// Hooks of workspaces: addresses outside that are asked or told. What only one kind of hook has is kept as one text.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createHooksMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statement = `create table hooks (
      workspace_id text not null references workspaces (id),
      name text not null,
      kind text not null,
      url text not null,
      enabled ${int} not null,
      timeout_ms ${int} not null,
      options_json text not null,
      managed_by text,
      created_at ${int} not null,
      updated_at ${int} not null,
      created_by text not null,
      primary key (workspace_id, name)
    ${end}`;
  return {
    async up(db) {
      await sql.raw(statement).execute(db);
    },
  };
}
