// What people are asked before a call goes on, and the access that people ask for. At most one of the same binding is alive at a time.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createApprovalsMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `create table approvals (
      workspace_id text not null references workspaces (id) on delete cascade,
      id text not null,
      kind text not null,
      owner_key text not null,
      who text not null,
      device text,
      client_name text,
      address text,
      server text not null,
      what text not null,
      rule_id text,
      policy_version ${int} not null,
      approvers_json text not null,
      thing text not null,
      binding text not null,
      sealed ${bytes},
      reason text,
      state text not null,
      scope text,
      created_at ${int} not null,
      expires_at ${int} not null,
      decided_at ${int},
      decided_by text,
      note text,
      primary key (workspace_id, id)
    ${end}`,
    `create unique index approvals_alive on approvals (workspace_id, binding) where state in ('offered', 'open', 'approved', 'denied')`,
    `create index approvals_by_thing on approvals (workspace_id, thing)`,
    `create index approvals_by_owner on approvals (workspace_id, owner_key, created_at)`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
