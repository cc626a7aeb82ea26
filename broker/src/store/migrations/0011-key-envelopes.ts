// Data keys, which seal everything that is sealed, and the master keys that these are sealed by.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createKeyEnvelopesMigration(kind: EngineKind): Migration {
  const [int, bytes, end] = kind === 'sqlite' ? ['integer', 'blob', ') strict'] : ['bigint', 'bytea', ')'];
  const statements = [
    `create table master_keys (
      id text primary key,
      state text not null,
      created_at ${int} not null,
      retired_at ${int},
      key_file text,
      begun_by text,
      is_told ${int} not null
    ${end}`,
    // At most one is the current one, and one is to follow it.
    `create unique index master_keys_in_use on master_keys (state) where state in ('current', 'next')`,
    `create table data_keys (id text primary key, number ${int} not null unique, created_at ${int} not null ${end}`,
    `create table wrapped_keys (
      data_key_id text not null references data_keys (id),
      master_key_id text not null references master_keys (id),
      wrapped ${bytes} not null,
      primary key (data_key_id, master_key_id)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
