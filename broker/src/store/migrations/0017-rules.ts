// Rules with exceptions, conditions, limits and an end, that may only observe, or ask somebody; what was used of each limit; and which tools of a
// server only read, where an operator has said so. Rules and servers of before mean what they meant.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createRulesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `alter table rules add column except_json text not null default '[]'`,
    `alter table rules add column condition text`,
    `alter table rules add column limits_json text not null default '[]'`,
    `alter table rules add column ends_at ${int}`,
    `alter table rules add column observe ${int} not null default 0`,
    `alter table rules add column approvers_json text not null default '[]'`,
    `alter table rules add column managed_by text`,
    `alter table servers add column read_tools_json text not null default '[]'`,
    `alter table servers add column write_tools_json text not null default '[]'`,
    `create table limit_uses (
      workspace_id text not null references workspaces (id),
      rule_id text not null,
      place ${int} not null,
      subject text not null,
      uses_json text not null,
      over_at ${int} not null,
      primary key (workspace_id, rule_id, place, subject)
    ${end}`,
    `create index limit_uses_over on limit_uses (over_at)`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
