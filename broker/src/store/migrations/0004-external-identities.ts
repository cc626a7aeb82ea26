// Adds the identities that people have at the company's IdP or at a trusted proxy: issuer and subject, because names and e-mail addresses change hands.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createExternalIdentitiesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  return {
    async up(db) {
      const statements = [
        `create table external_identities (
          workspace_id text not null references workspaces (id),
          issuer text not null,
          subject text not null,
          user_id text not null references users (id) on delete cascade,
          created_at ${int} not null,
          primary key (workspace_id, issuer, subject),
          unique (user_id, issuer)
        ${end}`,
        'create index users_by_email on users (workspace_id, lower(email))',
      ];
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
