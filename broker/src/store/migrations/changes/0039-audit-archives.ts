// Rows of the audit log that stand in sealed archives may go from the database, and no others: the spans of archives say which these are. What is said of
// an archive stays as long as the log.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

const GOES = ['audit_rows', 'audit_arguments'] as const;
const STAYS = ['audit_archives', 'audit_archived_spans'] as const;

export function createAuditArchivesMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const isArchived = (position: string) =>
    `coalesce((select to_position from audit_archived_spans where from_position <= ${position}
      order by from_position desc limit 1), -1) >= ${position}`;
  const tables = [
    `create table audit_archives (
      number ${int} primary key,
      name text not null unique,
      statement text not null,
      signature text not null,
      since ${int} not null,
      until ${int} not null,
      rows ${int} not null,
      bytes ${int} not null,
      archived_at ${int} not null
    ${end}`,
    // A span begins where the one before it in the same chain ends; the hashes are of the rows before and at its end.
    `create table audit_archived_spans (
      from_position ${int} primary key,
      to_position ${int} not null unique,
      archive ${int} not null references audit_archives (number),
      prev_hash ${bytes} not null,
      hash ${bytes} not null,
      seal_key text
    ${end}`,
    `create table audit_archiving (
      id ${int} primary key,
      holder text not null,
      lease_until ${int} not null
    ${end}`,
  ];
  const sqlite = [
    ...GOES.flatMap((table) => [
      `drop trigger ${table}_no_delete`,
      `create trigger ${table}_no_delete before delete on ${table} when not (${isArchived('old.position')})
        begin select raise(abort, 'the audit log is append-only'); end`,
    ]),
    ...STAYS.flatMap((table) =>
      ['update', 'delete'].map(
        (verb) => `create trigger ${table}_no_${verb} before ${verb} on ${table}
          begin select raise(abort, 'the audit log is append-only'); end`,
      ),
    ),
  ];
  const postgres = [
    `create function audit_refuse_unless_archived() returns trigger language plpgsql as $$
      begin
        if not (${isArchived('old.position')}) then raise exception 'the audit log is append-only'; end if;
        return old;
      end $$`,
    ...GOES.flatMap((table) => [
      `drop trigger ${table}_no_change on ${table}`,
      `create trigger ${table}_no_change before update on ${table}
        for each row execute function audit_events_refuse()`,
      `create trigger ${table}_no_delete before delete on ${table}
        for each row execute function audit_refuse_unless_archived()`,
    ]),
    ...STAYS.flatMap((table) => [
      `create trigger ${table}_no_change before update or delete on ${table}
        for each row execute function audit_events_refuse()`,
      `create trigger ${table}_no_truncate before truncate on ${table}
        for each statement execute function audit_events_refuse()`,
    ]),
  ];
  return {
    async up(db) {
      for (const statement of [...tables, ...(kind === 'sqlite' ? sqlite : postgres)])
        await sql.raw(statement).execute(db);
    },
  };
}
