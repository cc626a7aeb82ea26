// What is to be delivered somewhere outside, in order, and how each destination stands. A row stays after its delivery for a while, so that the same
// is not put in twice.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createDeliveriesMigration(kind: EngineKind): Migration {
  const isSqlite = kind === 'sqlite';
  const [int, end] = isSqlite ? ['integer', ') strict'] : ['bigint', ')'];
  const number = isSqlite ? 'integer primary key autoincrement' : 'bigint generated always as identity primary key';
  const statements = [
    `create table deliveries (
      number ${number},
      workspace_id text not null references workspaces (id),
      destination text not null,
      id text not null,
      payload text not null,
      bytes ${int} not null,
      created_at ${int} not null,
      done_at ${int}
    ${end}`,
    `create unique index deliveries_id on deliveries (destination, id)`,
    `create index deliveries_waiting on deliveries (destination, number) where done_at is null`,
    `create index deliveries_done on deliveries (done_at) where done_at is not null`,
    `create table delivery_states (
      destination text not null primary key,
      workspace_id text not null references workspaces (id),
      attempts ${int} not null,
      next_at ${int} not null,
      last_error text,
      lease_holder text,
      lease_until ${int} not null
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
