// Adds the channels that brokers gave up, with the answers for laptops that were away or connected to another broker.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createLeftChannelsMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `create table left_channels (
      broker text not null,
      id text not null,
      owner text not null,
      secret_hash text not null,
      taken ${int} not null,
      sealed ${bytes},
      expires_at ${int} not null,
      primary key (broker, id)
    ${end}`,
    `create index left_channels_by_expiry on left_channels (expires_at)`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
