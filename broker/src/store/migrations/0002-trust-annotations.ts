// Adds to the record of a server whether its annotations of tools are believed. Those of existing servers are not.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../engine.ts';

export function createTrustAnnotationsMigration(kind: EngineKind): Migration {
  return {
    async up(db) {
      const int = kind === 'sqlite' ? 'integer' : 'bigint';
      await sql.raw(`alter table servers add column trust_annotations ${int} not null default 0`).execute(db);
    },
  };
}
