// What the log keeps of the values in arguments: whether, of each server, and the sealed values, apart from the rows that bind them. They go with their
// row, whatever removes it.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createAuditArgumentsMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const table = 'audit_arguments';
  const appendOnly =
    kind === 'sqlite'
      ? [
          `create trigger ${table}_no_update before update on ${table}
            begin select raise(abort, 'the audit log is append-only'); end`,
          `create trigger ${table}_no_delete before delete on ${table}
            begin select raise(abort, 'the audit log is append-only'); end`,
        ]
      : [
          `create trigger ${table}_no_change before update or delete on ${table}
            for each row execute function audit_events_refuse()`,
          `create trigger ${table}_no_truncate before truncate on ${table}
            for each statement execute function audit_events_refuse()`,
        ];
  const statements = [
    `alter table servers add column audit_arguments text not null default 'none'`,
    `create table ${table} (
      position ${int} primary key references audit_rows (position) on delete cascade,
      sealed ${bytes} not null
    ${end}`,
    ...appendOnly,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
