// What laptops tell of the tokens in their AI clients' files (counts alone), and the servers that people propose from there.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createLaptopFindingsMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statements = [
    `create table laptop_findings (
      workspace_id text not null references workspaces (id),
      device_id text primary key references devices (id) on delete cascade,
      tokens ${int} not null,
      live ${int} not null,
      reported_at ${int} not null
    ${end}`,
    `create index laptop_findings_by_workspace on laptop_findings (workspace_id)`,
    `create table proposals (
      id text primary key,
      workspace_id text not null references workspaces (id),
      name text not null,
      transport_json text not null,
      digest text not null,
      state text not null,
      created_at ${int} not null,
      decided_at ${int},
      decided_by text,
      unique (workspace_id, digest)
    ${end}`,
    `create table proposal_people (
      workspace_id text not null references workspaces (id),
      proposal_id text not null references proposals (id) on delete cascade,
      user_id text not null references users (id) on delete cascade,
      primary key (proposal_id, user_id)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
