// The audit log in few bytes: what repeats stands once, as a word; rows have the number of their chain and their place in it as their key. What stood
// in `audit_events` is carried over as chains of format 1, whose hashes can be computed as before.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';
import { carryAuditEvents } from '../audit/carry-audit-events.ts';

const WORDS = {
  sqlite: { int: 'integer', small: 'integer', number: 'integer', bytes: 'blob', end: ') strict' },
  postgres: { int: 'bigint', small: 'smallint', number: 'integer', bytes: 'bytea', end: ')' },
} as const satisfies Record<EngineKind, unknown>;

const TABLES = ['audit_chains', 'audit_words', 'audit_rows'] as const;

export function createAuditRowsMigration(kind: EngineKind): Migration {
  const { int, small, number, bytes, end } = WORDS[kind];
  const id = kind === 'sqlite' ? 'id integer primary key' : 'id integer generated always as identity primary key';
  const statements = [
    `create table audit_chains (
      ${id},
      name text not null unique,
      format ${small} not null
    ${end}`,
    `create table audit_words (
      ${id},
      workspace_id text not null,
      kind ${small} not null,
      digest ${bytes} not null,
      text text not null,
      unique (workspace_id, kind, digest)
    ${end}`,
    // Columns of the same width stand together, because PostgreSQL fills the gaps between others.
    `create table audit_rows (
      position ${int} primary key,
      at ${int} not null,
      call ${int},
      workspace ${number},
      actor ${number},
      subject ${number},
      server ${number},
      tool ${number},
      facts ${number},
      kind ${small} not null,
      body ${bytes} not null,
      hash ${bytes} not null,
      seal ${bytes}
    ${end}`,
  ];
  const indexes = [
    'create index audit_calls_by_time on audit_rows (workspace, at) where kind = 1',
    'create index audit_calls_by_actor on audit_rows (actor, at, tool) where kind = 1',
    'create index audit_calls_by_tool on audit_rows (tool, at) where kind = 1',
    'create index audit_calls_by_server on audit_rows (server, at) where kind = 1',
    'create index audit_outcomes_by_call on audit_rows (call) where kind = 2',
    'create index audit_outcomes_by_facts on audit_rows (facts, at) where kind = 2',
    'create index audit_events_by_time on audit_rows (workspace, at) where kind = 3',
    'create index audit_events_by_actor on audit_rows (actor, at) where kind = 3',
    'create index audit_events_by_subject on audit_rows (subject, at) where kind = 3 and subject is not null',
    'create index audit_events_by_type on audit_rows (facts, at) where kind = 3',
  ];
  const appendOnly = TABLES.flatMap((table) =>
    kind === 'sqlite'
      ? ['update', 'delete'].map(
          (verb) => `create trigger ${table}_no_${verb} before ${verb} on ${table}
            begin select raise(abort, 'the audit log is append-only'); end`,
        )
      : [
          `create trigger ${table}_no_change before update or delete on ${table}
            for each row execute function audit_events_refuse()`,
          `create trigger ${table}_no_truncate before truncate on ${table}
            for each statement execute function audit_events_refuse()`,
        ],
  );
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
      await carryAuditEvents(db);
      const rest = ['drop table audit_events', ...indexes, ...appendOnly];
      for (const statement of rest) await sql.raw(statement).execute(db);
    },
  };
}
