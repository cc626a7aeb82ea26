// Adds the names that the company's IdP has for the people and groups that it provisions over SCIM.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createProvisioningMigration(kind: EngineKind): Migration {
  const end = kind === 'sqlite' ? ') strict' : ')';
  const statements = [
    `create table provisioned_users (
      user_id text primary key references users (id) on delete cascade,
      workspace_id text not null references workspaces (id),
      user_name text not null,
      user_name_key text not null,
      external_id text,
      display_name text,
      given_name text,
      family_name text,
      unique (workspace_id, user_name_key)
    ${end}`,
    `create index provisioned_users_by_external_id on provisioned_users (workspace_id, external_id)`,
    `create table provisioned_groups (
      workspace_id text not null references workspaces (id),
      group_name text not null,
      display_name text not null,
      external_id text,
      primary key (workspace_id, group_name),
      foreign key (workspace_id, group_name) references groups (workspace_id, name) on delete cascade on update cascade
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
