// Migrates a database to the tables of this version; refuses one that a newer version has migrated.
import { type Migration, Migrator } from 'kysely/migration';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Engine } from '../engine.ts';
import { createAuditRowsMigration } from './0025-audit-rows.ts';
import { createAccountsMigration } from './0008-accounts.ts';
import { createDefinitionsMigration } from './0019-definitions.ts';
import { createApprovalsMigration } from './0018-approvals.ts';
import { createBundlesMigration } from './0020-bundles.ts';
import { createDeparturesMigration } from './0006-departures.ts';
import { createExternalIdentitiesMigration } from './0004-external-identities.ts';
import { createFirstMigration } from './0001-first.ts';
import { createHooksMigration } from './0022-hooks.ts';
import { createKeyEnvelopesMigration } from './0011-key-envelopes.ts';
import { createLaptopFindingsMigration } from './0012-laptop-findings.ts';
import { createLeftChannelsMigration } from './0007-left-channels.ts';
import { createManagedMigration } from './0021-managed.ts';
import { createProvisioningMigration } from './0005-provisioning.ts';
import { createServerRevisionsMigration } from './0010-server-revisions.ts';
import { createRulesMigration } from './0017-rules.ts';
import { createSecretStatesMigration } from './0009-secret-states.ts';
import { createSecretSourcesMigration } from './0014-secret-sources.ts';
import { createKeyTimesMigration } from './0015-key-times.ts';
import { createTokensMigration } from './0003-tokens.ts';
import { createTrustAnnotationsMigration } from './0002-trust-annotations.ts';

/**
 * Runs the missing migrations in order; returns their names. On PostgreSQL brokers that start at the same time wait for each other. Throws `config` where
 * a newer version has migrated the database.
 */
export async function migrate(engine: Engine): Promise<string[]> {
  const migrations: Record<string, Migration> = {
    '0001-first': createFirstMigration(engine.kind),
    '0002-trust-annotations': createTrustAnnotationsMigration(engine.kind),
    '0003-tokens': createTokensMigration(engine.kind),
    '0004-external-identities': createExternalIdentitiesMigration(engine.kind),
    '0005-provisioning': createProvisioningMigration(engine.kind),
    '0006-departures': createDeparturesMigration(engine.kind),
    '0007-left-channels': createLeftChannelsMigration(engine.kind),
    '0008-accounts': createAccountsMigration(engine.kind),
    '0009-secret-states': createSecretStatesMigration(engine.kind),
    '0010-server-revisions': createServerRevisionsMigration(engine.kind),
    '0011-key-envelopes': createKeyEnvelopesMigration(engine.kind),
    '0012-laptop-findings': createLaptopFindingsMigration(engine.kind),
    '0014-secret-sources': createSecretSourcesMigration(engine.kind),
    '0015-key-times': createKeyTimesMigration(engine.kind),
    '0017-rules': createRulesMigration(engine.kind),
    '0019-definitions': createDefinitionsMigration(engine.kind),
    '0018-approvals': createApprovalsMigration(engine.kind),
    '0020-bundles': createBundlesMigration(engine.kind),
    '0021-managed': createManagedMigration(engine.kind),
    '0022-hooks': createHooksMigration(engine.kind),
    '0025-audit-rows': createAuditRowsMigration(engine.kind),
  };
  const newest = Object.keys(migrations).at(-1) ?? '';
  const unknown = (await appliedMigrations(engine))
    .filter((name) => !(name in migrations))
    .toSorted()
    .at(-1);
  if (unknown !== undefined) {
    const text = `the database belongs to a newer mcpgate-broker (it has ${unknown}, this version knows up to ${newest}): run that version or a newer one`;
    throw new GateError('config', text);
  }

  const migrator = new Migrator({
    db: engine.db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    // Each makes tables and columns of its own, so one with a lower number may come after one with a higher number.
    allowUnorderedMigrations: true,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error instanceof GateError) throw error;
  if (error !== undefined) {
    throw toGateError(error, 'the database could not be brought up to date');
  }
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

async function appliedMigrations(engine: Engine): Promise<string[]> {
  const tables = await engine.db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const db = engine.db.withTables<{ kysely_migration: { name: string } }>();
  const rows = await db.selectFrom('kysely_migration').select('name').execute();
  return rows.map((row) => row.name);
}
