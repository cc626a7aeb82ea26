// Migrates a database to the tables of this version; refuses one that a newer version has migrated.
import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Engine, EngineKind } from '../engine.ts';
import { createApprovalRoundsMigration } from './changes/0033-approval-rounds.ts';
import { createRemovedRulesMigration } from './changes/0043-removed-rules.ts';
import { createVerifiedSecretsMigration } from './changes/0048-verified-secrets.ts';
import { createFoundCallsMigration } from './changes/0051-found-calls.ts';
import { createListsInOrderMigration } from './changes/0052-lists-in-order.ts';
import { createUntoldEventsMigration } from './changes/0042-untold-events.ts';
import { createAuditRowsMigration } from './0025-audit-rows.ts';
import { createAccountsMigration } from './0008-accounts.ts';
import { createDefinitionsMigration } from './0019-definitions.ts';
import { createApprovalsMigration } from './0018-approvals.ts';
import { createBundlesMigration } from './0020-bundles.ts';
import { createDeparturesMigration } from './0006-departures.ts';
import { createExternalIdentitiesMigration } from './0004-external-identities.ts';
import { createFirstMigration } from './0001-first.ts';
import { createCallSpansMigration } from './outside/0053-call-spans.ts';
import { createDeliveriesMigration } from './outside/0023-deliveries.ts';
import { createIdempotentRequestsMigration } from './outside/0032-idempotent-requests.ts';
import { createAuditArchivesMigration } from './changes/0039-audit-archives.ts';
import { createAuditArgumentsMigration } from './changes/0035-audit-arguments.ts';
import { createLastDeliveriesMigration } from './outside/0049-last-deliveries.ts';
import { createLogFeedsMigration } from './outside/0031-log-feeds.ts';
import { createHooksMigration } from './outside/0022-hooks.ts';
import { createOnCallMigration } from './0041-on-call.ts';
import { createKeyEnvelopesMigration } from './0011-key-envelopes.ts';
import { createLaptopFindingsMigration } from './0012-laptop-findings.ts';
import { createLeftChannelsMigration } from './0007-left-channels.ts';
import { createManagedMigration } from './0021-managed.ts';
import { createProvisioningMigration } from './0005-provisioning.ts';
import { createServerRevisionsMigration } from './0010-server-revisions.ts';
import { createSignInMigration } from './people/0046-sign-in.ts';
import { createRulesMigration } from './0017-rules.ts';
import { createSecretStatesMigration } from './0009-secret-states.ts';
import { createSecretSourcesMigration } from './0014-secret-sources.ts';
import { createKeyTimesMigration } from './0015-key-times.ts';
import { createTokensMigration } from './0003-tokens.ts';
import { createTrustAnnotationsMigration } from './0002-trust-annotations.ts';

const migrationsOf = (kind: EngineKind): Record<string, Migration> => ({
  '0001-first': createFirstMigration(kind),
  '0002-trust-annotations': createTrustAnnotationsMigration(kind),
  '0003-tokens': createTokensMigration(kind),
  '0004-external-identities': createExternalIdentitiesMigration(kind),
  '0005-provisioning': createProvisioningMigration(kind),
  '0006-departures': createDeparturesMigration(kind),
  '0007-left-channels': createLeftChannelsMigration(kind),
  '0008-accounts': createAccountsMigration(kind),
  '0009-secret-states': createSecretStatesMigration(kind),
  '0010-server-revisions': createServerRevisionsMigration(kind),
  '0011-key-envelopes': createKeyEnvelopesMigration(kind),
  '0012-laptop-findings': createLaptopFindingsMigration(kind),
  '0014-secret-sources': createSecretSourcesMigration(kind),
  '0015-key-times': createKeyTimesMigration(kind),
  '0017-rules': createRulesMigration(kind),
  '0019-definitions': createDefinitionsMigration(kind),
  '0018-approvals': createApprovalsMigration(kind),
  '0020-bundles': createBundlesMigration(kind),
  '0022-hooks': createHooksMigration(kind),
  '0021-managed': createManagedMigration(kind),
  '0023-deliveries': createDeliveriesMigration(kind),
  '0025-audit-rows': createAuditRowsMigration(kind),
  '0031-log-feeds': createLogFeedsMigration(kind),
  '0032-idempotent-requests': createIdempotentRequestsMigration(kind),
  '0033-approval-rounds': createApprovalRoundsMigration(kind),
  '0035-audit-arguments': createAuditArgumentsMigration(kind),
  '0039-audit-archives': createAuditArchivesMigration(kind),
  '0041-on-call': createOnCallMigration(kind),
  '0042-untold-events': createUntoldEventsMigration(kind),
  '0043-removed-rules': createRemovedRulesMigration(kind),
  '0046-sign-in': createSignInMigration(kind),
  '0048-verified-secrets': createVerifiedSecretsMigration(kind),
  '0049-last-deliveries': createLastDeliveriesMigration(kind),
  '0051-found-calls': createFoundCallsMigration(kind),
  '0052-lists-in-order': createListsInOrderMigration(kind),
  '0053-call-spans': createCallSpansMigration(kind),
});

/** What a database and this version know of each other: the migrations that are done, those that are to come, and those of a newer version. */
export interface MigrationState {
  applied: string[];
  missing: string[];
  unknown: string[];
}

export async function migrationState(engine: Engine): Promise<MigrationState> {
  return compareMigrations(engine.kind, await appliedMigrations(engine));
}

export function compareMigrations(kind: EngineKind, applied: readonly string[]): MigrationState {
  const known = Object.keys(migrationsOf(kind)).toSorted();
  return {
    applied: applied.toSorted(),
    missing: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)).toSorted(),
  };
}

/** The last migration of this version. */
export const newestMigration = (kind: EngineKind): string => Object.keys(migrationsOf(kind)).toSorted().at(-1) ?? '';

/**
 * Runs the missing migrations in order, or of these the ones that are named; returns their names. On PostgreSQL brokers that start at the same time
 * wait for each other. Throws `config` where a newer version has migrated the database.
 */
export async function migrate(engine: Engine, only?: readonly string[]): Promise<string[]> {
  const all = migrationsOf(engine.kind);
  const migrations = Object.fromEntries(Object.entries(all).filter(([name]) => only?.includes(name) ?? true));
  const unknown = (await migrationState(engine)).unknown.at(-1);
  if (unknown !== undefined) {
    const newest = newestMigration(engine.kind);
    const text = `the database belongs to a newer mcpgate-broker (it has ${unknown}, this version knows up to ${newest}): run that version or a newer one`;
    throw new GateError('config', text);
  }

  const schema = await currentSchema(engine);
  const migrator = new Migrator({
    db: engine.db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    // Each makes tables and columns of its own, so one with a lower number may come after one with a higher number.
    allowUnorderedMigrations: true,
    ...(schema !== undefined && { migrationTableSchema: schema }),
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error instanceof GateError) throw error;
  if (error !== undefined) {
    throw toGateError(error, 'the database could not be brought up to date');
  }
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

async function appliedMigrations(engine: Engine): Promise<string[]> {
  const schema = await currentSchema(engine);
  const tables = await engine.db.introspection.getTables({ withInternalKyselyTables: true });
  const isThere = tables.some((table) => table.name === 'kysely_migration' && table.schema === schema);
  if (!isThere) return [];
  const db = engine.db.withTables<{ kysely_migration: { name: string } }>();
  const rows = await db.selectFrom('kysely_migration').select('name').execute();
  return rows.map((row) => row.name);
}

/** A restore makes its tables beside those in use, in a schema of its own. SQLite has none. */
async function currentSchema(engine: Engine): Promise<string | undefined> {
  if (engine.kind === 'sqlite') return undefined;
  const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(engine.db);
  return rows[0]?.name ?? undefined;
}
