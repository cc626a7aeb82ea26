// Requests of the API that came with an idempotency key, and what was answered to them: sealed, because an answer may show a token.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createIdempotentRequestsMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `create table idempotent_requests (
      owner text not null,
      key_hash text not null,
      request_digest text not null,
      state text not null,
      holder text not null,
      lease_until ${int} not null,
      sealed ${bytes},
      expires_at ${int} not null,
      primary key (owner, key_hash)
    ${end}`,
    `create index idempotent_requests_by_expiry on idempotent_requests (expires_at)`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
