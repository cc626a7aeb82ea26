// What is to be written into the audit log of changes that were committed together: kept with the changes, until the log has it.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createUntoldEventsMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `create table untold_events (
      batch text not null,
      place ${int} not null,
      workspace_id text not null references workspaces (id) on delete cascade,
      event_json text not null,
      created_at ${int} not null,
      lease_until ${int} not null,
      primary key (batch, place)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
