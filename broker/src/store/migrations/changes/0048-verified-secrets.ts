// Whether the services have taken a version of a secret, as it was found when it was set, rotated or tested: null where that is not known.
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { EngineKind } from '../../engine.ts';

export function createVerifiedSecretsMigration(kind: EngineKind): Migration {
  return {
    async up(db) {
      const type = kind === 'sqlite' ? 'integer' : 'smallint';
      await sql.raw(`alter table secret_versions add column verified ${type}`).execute(db);
    },
  };
}
