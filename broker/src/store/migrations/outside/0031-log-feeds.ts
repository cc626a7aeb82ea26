// How far each destination has had the audit log: a place in each chain, and a lease over brokers. The rows themselves stay where they are.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createLogFeedsMigration(kind: EngineKind): Migration {
  const [int, number, end] = kind === 'sqlite' ? ['integer', 'integer', ') strict'] : ['bigint', 'integer', ')'];
  const statements = [
    `create table log_feeds (
      destination text not null primary key,
      workspace_id text not null references workspaces (id),
      attempts ${int} not null,
      next_at ${int} not null,
      last_error text,
      lease_holder text,
      lease_until ${int} not null
    ${end}`,
    `create table log_feed_places (
      destination text not null,
      chain ${number} not null,
      workspace_id text not null references workspaces (id),
      position ${int} not null,
      primary key (destination, chain)
    ${end}`,
  ];
  return {
    async up(db) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}
