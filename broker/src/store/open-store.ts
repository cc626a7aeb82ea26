// Opens the store: chooses the engine, migrates its tables, and puts the repositories together.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import type { BrokerName } from '../domain/bus.ts';
import { joined } from './atomically.ts';
import type { Durability, Engine } from './engine.ts';
import { migrate } from './migrations/migrate.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import { DatabaseRefusal } from './postgres/postgres-error.ts';
import { createAccounts } from './repositories/people/accounts.ts';
import { createAuditRows } from './repositories/audit.ts';
import { createAuditArchives } from './repositories/audit-archives.ts';
import { createApprovals } from './repositories/approvals.ts';
import { createBundles } from './repositories/bundles.ts';
import { createDeliveries } from './repositories/deliveries.ts';
import { createHooks } from './repositories/hooks.ts';
import { createCallSpans } from './repositories/call-spans.ts';
import { createUntoldEvents } from './repositories/untold-events.ts';
import { createLogFeeds } from './repositories/log-feeds.ts';
import { createAdminTokens } from './repositories/people/admin-tokens.ts';
import { createDefinitions } from './repositories/servers/definitions.ts';
import { createDepartures } from './repositories/links/departures.ts';
import { createDevices } from './repositories/people/devices.ts';
import { createExternalIdentities } from './repositories/people/external-identities.ts';
import { createGrants } from './repositories/people/grants.ts';
import { createGroups } from './repositories/people/groups.ts';
import { createIdempotentRequests } from './repositories/idempotent-requests.ts';
import { createKeyring } from './repositories/keyring.ts';
import { createKeys } from './repositories/keys.ts';
import { createLaptopFindings } from './repositories/servers/laptop-findings.ts';
import { createLeftChannels } from './repositories/links/left-channels.ts';
import { createLinks } from './repositories/links/links.ts';
import { createPasskeys } from './repositories/people/passkeys.ts';
import { createOAuth } from './repositories/people/oauth.ts';
import { createOAuthRegistrations } from './repositories/people/oauth-registrations.ts';
import { createLimitUses } from './repositories/limit-uses.ts';
import { createManaged } from './repositories/managed.ts';
import { createPolicy } from './repositories/policy.ts';
import { createProposals } from './repositories/servers/proposals.ts';
import { createProvisioning } from './repositories/people/provisioning.ts';
import { createSecretSources } from './repositories/secrets/secret-sources.ts';
import { createSecretVersions } from './repositories/secrets/secret-versions.ts';
import { createSecrets } from './repositories/secrets/secrets.ts';
import { createSealedBefore } from './repositories/sealed-before.ts';
import { createServers } from './repositories/servers/servers.ts';
import { createSettings } from './repositories/settings.ts';
import { createUsers } from './repositories/people/users.ts';
import { createWorkspaces } from './repositories/workspaces.ts';
import { createWebSessions } from './repositories/people/web-sessions.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** `postgres://…`; without it the embedded SQLite file `mcpgate.db` in `dataDir`. */
  databaseUrl?: string | undefined;
  /** The data folder, which is made (0700) where it does not exist. Not used with a `databaseUrl`. */
  dataDir: string;
  /** How long a statement waits for another process's write to the SQLite file; 2 s unless said. */
  busyTimeoutMs?: number;
  /** When a record of the audit log counts as kept; `commit` unless said. */
  durability?: Durability;
  log: Logger;
  clock: Clock;
  /** The name of this broker on the bus; a random one unless said. */
  self?: BrokerName;
}

/**
 * Opens the database and migrates it. Throws `unavailable` where PostgreSQL does not answer, and `config` where the URL, the file or its
 * version is wrong.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, busyTimeoutMs, durability = 'commit', log, clock } = options;
  const self = options.self ?? { name: randomUUID(), location: 'somewhere' };
  const engine =
    databaseUrl === undefined
      ? openSqlite(dataDir, { durability, ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }) })
      : openPostgres(databaseUrl, { log, clock, self, durability });
  try {
    const ran = await migrate(engine);
    if (ran.length > 0) log.info({ engine: engine.kind, migrations: ran }, 'database migrated');
  } catch (error) {
    await engine.close();
    // Waiting does not help for a wrong password or a database that does not exist.
    if (error instanceof DatabaseRefusal) throw new GateError('config', error.message, { cause: error });
    throw error;
  }
  return createStore(engine, clock);
}

function createStore(engine: Engine, clock: Clock): Store {
  return {
    ...repositoriesOver(engine.db, engine, clock),
    atomically: (work) =>
      engine.db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (trx) => {
          const inside: Store = {
            ...repositoriesOver(joined(trx), engine, clock),
            atomically: (part) => part(inside),
            probe: () => engine.probe(String(clock.now())),
            close: () => Promise.resolve(),
          };
          return await work(inside);
        }),
    probe: () => engine.probe(String(clock.now())),
    close: () => engine.close(),
  };
}

function repositoriesOver(
  db: Engine['db'],
  engine: Engine,
  clock: Clock,
): Omit<Store, 'atomically' | 'probe' | 'close'> {
  const { announce } = engine;
  return {
    workspaces: createWorkspaces(db, clock, announce),
    users: createUsers(db, clock, announce),
    externalIdentities: createExternalIdentities(db, clock),
    provisioning: createProvisioning(db),
    idempotentRequests: createIdempotentRequests(db),
    departures: createDepartures(db),
    leftChannels: createLeftChannels(db),
    devices: createDevices(db, clock),
    laptopFindings: createLaptopFindings(db),
    proposals: createProposals(db, clock),
    groups: createGroups(db, clock, announce),
    grants: createGrants(db, clock),
    adminTokens: createAdminTokens(db, clock),
    links: createLinks(db),
    webSessions: createWebSessions(db),
    passkeys: createPasskeys(db),
    oauth: createOAuth(db),
    keys: createKeys(db, clock, announce),
    keyring: createKeyring(db, clock, announce),
    sealedBefore: createSealedBefore(db),
    servers: createServers(db, clock, announce),
    accounts: createAccounts(db, clock, announce),
    oauthRegistrations: createOAuthRegistrations(db, clock),
    secrets: createSecrets(db, clock, announce),
    secretVersions: createSecretVersions(db, clock, announce),
    secretSources: createSecretSources(db, clock, announce),
    approvals: createApprovals(db, clock, announce),
    bundles: createBundles(db, clock, announce),
    hooks: createHooks(db, clock, announce),
    deliveries: createDeliveries(db),
    logFeeds: createLogFeeds(db),
    untoldEvents: createUntoldEvents(db),
    callSpans: createCallSpans(db),
    definitions: createDefinitions(db, clock, announce),
    limits: createLimitUses(db),
    policy: createPolicy(db, clock, announce),
    managed: createManaged(db, clock),
    settings: createSettings(db),
    audit: createAuditRows(engine),
    auditArchives: createAuditArchives(db),
    bus: engine.bus,
  };
}
