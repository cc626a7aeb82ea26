// What people with rights may ask and change, and whether the broker is ready: the same operations behind the API, the socket and the pages.
import { VERSION } from 'mcpgate-shared/version';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import { createKeysEntry } from '../accounts/enter-keys.ts';
import { createOwnAccounts } from '../accounts/own-accounts.ts';
import { createRecentActivity } from '../admin/activity/recent-activity.ts';
import { adminOperations } from '../admin/admin-operations.ts';
import { createBackups } from '../admin/backups/backups.ts';
import { tellRestore } from '../admin/backups/restore-note.ts';
import { tellLeft } from '../admin/configuration/untold-events.ts';
import { fetchedRegistry } from '../catalogue/registry/fetched-registry.ts';
import { secretTextsOfPlaces } from '../config/audit-schema.ts';
import { effectiveValues } from '../config/effective/effective-values.ts';
import { createReadiness } from '../domain/readiness.ts';
import type { EventLoopDelay } from '../http/event-loop-delay.ts';
import { newestMigration } from '../store/migrations/migrate.ts';
import type { Calls } from './calls.ts';
import type { AssemblyContext } from './context.ts';
import type { Custody } from './custody.ts';

export async function assembleAdministration(
  context: AssemblyContext,
  custody: Custody,
  calls: Calls,
  { isDraining, loopDelay }: { isDraining: () => boolean; loopDelay: EventLoopDelay },
) {
  const { config, clock, pid, publicUrl, startedAt } = context;
  const { store, vault, audit, proofs, archives, reload, replicas, keys, secretWatch } = custody;
  const { accounts, approvals, assertions, upstreams, identity, definitions, hooks, gateway, tunnel, telemetry } =
    calls;
  const { data: dataDir, database_url: databaseUrl } = config;
  const { durability } = config.audit;
  const readiness = createReadiness({
    clock,
    isDraining,
    isDeaf: () => replicas.isDeaf,
    unwritable: () => audit.unwritable,
    probe: () => store.probe(),
  });
  const ownAccounts = createOwnAccounts({
    accounts,
    servers: (workspaceId) => upstreams.servers(workspaceId),
    mayUse: (principal, server) => gateway.mayUse(principal, server),
    mayConnect: (principal, server) => gateway.mayConnect(principal, server),
  });
  const keysEntry = createKeysEntry({ accounts, upstreams });
  const backups = createBackups({
    ...{ dataDir, databaseUrl, store, keyring: vault.keyring, version: VERSION, clock, log: context.log },
  });
  await tellRestore({ settings: store.settings, audit });
  const isAlone = databaseUrl === undefined;
  context.onClose(await tellLeft({ store, audit, clock, log: context.log, isAlone }));
  const activity = createRecentActivity({
    audit,
    isServer: (workspaceId, name) => upstreams.servers(workspaceId).some((server) => server.name === name),
    clock,
  });
  context.onClose(() => activity.close());
  const operations = adminOperations({
    activity,
    hooks,
    backups,
    reload,
    telemetryProblems: () => telemetry?.problems ?? [],
    backupMaxAgeMs: () => reload.now.backup.max_age,
    accounts,
    approvals,
    ownAccounts,
    keysEntry,
    ...{ store, vault, keys, audit, proofs, archives, upstreams, definitions },
    signingKeys: assertions.keys,
    switchElsewhere: replicas.switchElsewhere,
    secretWatch,
    people: identity,
    links: () =>
      tunnel.links().map((link) => ({
        workspaceId: link.principal.workspaceId,
        credentialId: link.principal.credential.id,
        user: link.principal.user?.name ?? null,
        channels: link.channels,
        pending: link.pending,
      })),
    memory() {
      const { backlogBytes, heldBytes, partialBytes, socketBytes } = tunnel.stats();
      const { heapUsed, rss } = process.memoryUsage();
      return { backlogBytes, heldBytes, partialBytes, socketBytes, heapBytes: heapUsed, processBytes: rss };
    },
    eventLoopDelay: () => loopDelay.read(),
    policyChanged: (workspaceId) => gateway.policyChanged(workspaceId),
    effectiveConfiguration: () => ({ file: reload.now.file ?? null, values: effectiveValues(reload.now) }),
    secretsOfConfiguration: [
      config.oidc?.client_secret ?? '',
      ...Object.values(config.oidc?.assertion_clients ?? {}),
      ...Object.values(config.telemetry.otlp.headers),
      ...secretTextsOfPlaces(config.audit.checkpoints),
    ]
      .flatMap(referencesIn)
      .map(({ name }) => name),
    allowedCommands: config.stdio.allow,
    registry: fetchedRegistry(config.catalogue.registry, config.outbound.allow_hosts),
    facts: {
      version: VERSION,
      url: publicUrl,
      pid,
      startedAt,
      dataDir,
      database: databaseUrl === undefined ? 'sqlite' : 'postgres',
      schemaVersion: newestMigration(databaseUrl === undefined ? 'sqlite' : 'postgres'),
      durability,
      readiness,
      replicas,
    },
    isDraining,
    clock,
  });

  return { readiness, ownAccounts, keysEntry, backups, operations };
}

export type Administration = Awaited<ReturnType<typeof assembleAdministration>>;
