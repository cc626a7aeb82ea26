// Versions of secrets are staged, current or retired, and say who set them, when they expire and when they were last used; servers name the tool
// that tells whether a credential is taken.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createSecretStatesMigration(kind: EngineKind): Migration {
  const int = kind === 'sqlite' ? 'integer' : 'bigint';
  const ofSecret = `from secrets where secrets.workspace_id = secret_versions.workspace_id and secrets.name = secret_versions.name`;
  const statements = [
    `alter table secret_versions add column state text not null default 'retired'`,
    `alter table secret_versions add column set_by text`,
    `alter table secret_versions add column expires_at ${int}`,
    `alter table secret_versions add column retired_at ${int}`,
    `alter table secret_versions add column last_used_at ${int}`,
    `alter table secret_versions add column lease_holder text`,
    `alter table secret_versions add column lease_until ${int}`,
    `update secret_versions set state = 'current', last_used_at = (select last_used_at ${ofSecret})
      where version = (select last_version ${ofSecret})`,
    `alter table secrets drop column last_used_at`,
    // At most one is the current one, and one is to follow it.
    `create unique index secret_versions_in_use on secret_versions (workspace_id, name, state) where state <> 'retired'`,
    `alter table servers add column probe_json text`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
