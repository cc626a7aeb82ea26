// Spans of calls that are not known to have gone out, each beside the row of its call's outcome. They are no part of the log: nothing binds them, and they
// go when they have been sent.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createCallSpansMigration(kind: EngineKind): Migration {
  const [int, end] = kind === 'sqlite' ? ['integer', ') strict'] : ['bigint', ')'];
  return {
    async up(db) {
      await sql.raw(`create table call_spans (position ${int} primary key, spans text not null${end}`).execute(db);
    },
  };
}
