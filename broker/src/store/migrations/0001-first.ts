// Makes the first tables. Every table of things that belong to people has a `workspace_id`; the workspace `default` exists from the beginning.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

/** The words in which the SQL of the engines differs. SQLite's tables are STRICT, so that a column only holds values of its type, as in PostgreSQL. */
const WORDS = {
  sqlite: { int: 'integer', bytes: 'blob', end: ') strict' },
  postgres: { int: 'bigint', bytes: 'bytea', end: ')' },
} as const satisfies Record<EngineKind, unknown>;

export function createFirstMigration(kind: EngineKind): Migration {
  return {
    async up(db) {
      for (const statement of [...tables(kind), ...auditTable(kind)]) await sql.raw(statement).execute(db);
    },
  };
}

function tables(kind: EngineKind): string[] {
  const { int, bytes, end } = WORDS[kind];
  const workspace = 'workspace_id text not null references workspaces (id)';
  const person = 'text references users (id) on delete cascade';

  return [
    `create table workspaces (id text primary key, created_at ${int} not null ${end}`,
    `insert into workspaces (id, created_at) values ('default', 0)`,
    `create table settings (name text primary key, value text not null ${end}`,

    `create table users (
      id text primary key,
      ${workspace},
      name text not null,
      email text,
      role text not null,
      password_hash text,
      disabled_at ${int},
      created_at ${int} not null,
      unique (workspace_id, name)
    ${end}`,
    `create table groups (
      ${workspace},
      name text not null,
      created_at ${int} not null,
      primary key (workspace_id, name)
    ${end}`,
    `create table group_members (
      ${workspace},
      group_name text not null,
      user_id ${person} not null,
      primary key (user_id, group_name),
      foreign key (workspace_id, group_name) references groups (workspace_id, name) on delete cascade on update cascade
    ${end}`,
    `create index group_members_by_group on group_members (workspace_id, group_name)`,

    `create table devices (
      id text primary key,
      ${workspace},
      user_id ${person} not null,
      name text not null,
      platform text not null,
      address text not null,
      created_at ${int} not null,
      last_seen_at ${int} not null,
      revoked_at ${int}
    ${end}`,
    `create index devices_by_user on devices (user_id)`,
    `create index devices_by_workspace on devices (workspace_id)`,

    // A grant is removed with its person: without a user it would become a principal of its own.
    `create table grants (
      id text primary key,
      ${workspace},
      label text not null,
      user_id ${person},
      token_hash text not null unique,
      servers_json text not null,
      expires_at ${int},
      created_at ${int} not null,
      created_by text not null,
      last_used_at ${int},
      revoked_at ${int}
    ${end}`,
    `create index grants_by_workspace on grants (workspace_id)`,
    `create index grants_by_user on grants (user_id)`,

    `create table one_time_links (
      token_hash text primary key,
      ${workspace},
      kind text not null,
      user_id ${person},
      expires_at ${int} not null
    ${end}`,
    `create table web_sessions (
      token_hash text primary key,
      ${workspace},
      user_id ${person} not null,
      address text not null,
      user_agent text not null,
      created_at ${int} not null,
      expires_at ${int} not null
    ${end}`,
    `create index web_sessions_by_user on web_sessions (user_id)`,

    `create table oauth_objects (
      ${workspace},
      kind text not null,
      id_hash text not null,
      payload text not null,
      grant_id text,
      user_code text,
      uid text,
      consumed_at ${int},
      expires_at ${int},
      primary key (kind, id_hash)
    ${end}`,
    `create index oauth_objects_by_grant on oauth_objects (grant_id)`,
    `create index oauth_objects_by_user_code on oauth_objects (user_code)`,
    `create index oauth_objects_by_uid on oauth_objects (uid)`,
    `create index oauth_objects_by_expiry on oauth_objects (expires_at)`,
    `create table signing_keys (kid text primary key, sealed ${bytes} not null, created_at ${int} not null ${end}`,

    `create table servers (
      id text primary key,
      ${workspace},
      name text not null,
      enabled ${int} not null,
      transport_json text not null,
      isolation text not null,
      created_at ${int} not null,
      updated_at ${int} not null,
      unique (workspace_id, name)
    ${end}`,

    `create table secrets (
      ${workspace},
      name text not null,
      last_version ${int} not null,
      last_used_at ${int},
      primary key (workspace_id, name)
    ${end}`,
    `create table secret_versions (
      ${workspace},
      name text not null,
      version ${int} not null,
      source text not null,
      sealed ${bytes} not null,
      created_at ${int} not null,
      primary key (workspace_id, name, version),
      foreign key (workspace_id, name) references secrets (workspace_id, name)
    ${end}`,

    `create table policies (${workspace}, version ${int} not null, enforcement text not null, primary key (workspace_id) ${end}`,
    `insert into policies (workspace_id, version, enforcement) values ('default', 1, 'enforce')`,
    `create table rules (
      ${workspace},
      id text not null,
      added_in ${int} not null,
      effect text not null,
      who_json text not null,
      what_json text not null,
      note text,
      created_at ${int} not null,
      created_by text not null,
      primary key (workspace_id, id)
    ${end}`,
  ];
}

/**
 * The log. It refers to no other table: it outlives what it speaks of. Each row is in as few indexes as its searches need, because each
 * index is paid on every call: intents are searched, outcomes are only fetched by their call, events are all the rest.
 */
function auditTable(kind: EngineKind): string[] {
  const { int, end } = WORDS[kind];

  return [
    `create table audit_events (
      id text not null,
      workspace_id text not null,
      ts ${int} not null,
      writer text not null,
      seq ${int} not null,
      type text not null,
      call_id text,
      actor text,
      subject text,
      server text,
      tool_name text,
      data text not null,
      prev_hash text not null,
      hash text not null,
      primary key (writer, seq)
    ${end}`,
    `create index audit_calls_by_ts on audit_events (workspace_id, ts, id) where type = 'call.intent'`,
    `create index audit_events_by_ts on audit_events (workspace_id, ts, id) where call_id is null`,
    `create index audit_outcomes_by_call on audit_events (call_id) where type = 'call.outcome'`,
    `create index audit_events_by_actor on audit_events (workspace_id, actor, ts) where actor is not null`,
    `create index audit_events_by_tool on audit_events (workspace_id, tool_name, ts) where tool_name is not null`,
    ...APPEND_ONLY[kind],
  ];
}

const APPEND_ONLY = {
  sqlite: ['update', 'delete'].map(
    (verb) => `create trigger audit_events_no_${verb} before ${verb} on audit_events
      begin select raise(abort, 'the audit log is append-only'); end`,
  ),
  postgres: [
    `create function audit_events_refuse() returns trigger language plpgsql
      as $$ begin raise exception 'the audit log is append-only'; end $$`,
    `create trigger audit_events_no_change before update or delete on audit_events
      for each row execute function audit_events_refuse()`,
    `create trigger audit_events_no_truncate before truncate on audit_events
      for each statement execute function audit_events_refuse()`,
  ],
} as const satisfies Record<EngineKind, readonly string[]>;
