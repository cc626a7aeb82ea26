// Adds the departures of brokers that ended in good order: how far each of their channels had got.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createDeparturesMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  const statement = `create table departures (
    broker text primary key,
    ends_json text not null,
    is_complete ${int} not null,
    expires_at ${int} not null
  ${end}`;
  return {
    async up(db) {
      await sql.raw(statement).execute(db);
    },
  };
}
