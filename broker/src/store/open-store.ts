// Chooses the engine, brings its tables up to date and hands out the repositories.
import { sql } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { Engine } from './engine.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import { createAuditRows } from './repositories/audit.ts';
import { createAdminTokens } from './repositories/admin-tokens.ts';
import { createDepartures } from './repositories/departures.ts';
import { createDevices } from './repositories/devices.ts';
import { createExternalIdentities } from './repositories/external-identities.ts';
import { createGrants } from './repositories/grants.ts';
import { createGroups } from './repositories/groups.ts';
import { createKeys } from './repositories/keys.ts';
import { createLinks } from './repositories/links.ts';
import { createOAuth } from './repositories/oauth.ts';
import { createPolicy } from './repositories/policy.ts';
import { createProvisioning } from './repositories/provisioning.ts';
import { createSecrets } from './repositories/secrets.ts';
import { createServers } from './repositories/servers.ts';
import { createSettings } from './repositories/settings.ts';
import { createUsers } from './repositories/users.ts';
import { createWorkspaces } from './repositories/workspaces.ts';
import { createWebSessions } from './repositories/web-sessions.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** `postgres://…`; without it the embedded SQLite file `mcpgate.db` in `dataDir`. */
  databaseUrl?: string;
  /** Made (0700) where it does not exist; untouched with a `databaseUrl`. */
  dataDir: string;
  /** How long a statement waits for another process's write to the SQLite file; 2 s unless said. */
  busyTimeoutMs?: number;
  log: Logger;
  clock: Clock;
}

/**
 * Opens the database and migrates it. Throws `unavailable` where PostgreSQL does not answer, and `config` where the URL, the file or its
 * version is wrong.
 */
export async function openStore({ databaseUrl, dataDir, busyTimeoutMs, log, clock }: StoreOptions): Promise<Store> {
  const engine = databaseUrl === undefined ? openSqlite(dataDir, busyTimeoutMs) : openPostgres(databaseUrl, log);
  try {
    const ran = await migrate(engine);
    if (ran.length > 0) log.info({ engine: engine.kind, migrations: ran }, 'database migrated');
  } catch (error) {
    await engine.close();
    throw error;
  }
  return createStore(engine, clock);
}

function createStore(engine: Engine, clock: Clock): Store {
  const { db } = engine;
  return {
    workspaces: createWorkspaces(db, clock),
    users: createUsers(db, clock),
    externalIdentities: createExternalIdentities(db, clock),
    provisioning: createProvisioning(db),
    departures: createDepartures(db),
    devices: createDevices(db, clock),
    groups: createGroups(db, clock),
    grants: createGrants(db, clock),
    adminTokens: createAdminTokens(db, clock),
    links: createLinks(db),
    webSessions: createWebSessions(db),
    oauth: createOAuth(db),
    keys: createKeys(db, clock),
    servers: createServers(db, clock),
    secrets: createSecrets(db, clock),
    policy: createPolicy(db, clock),
    settings: createSettings(db),
    audit: createAuditRows(engine),
    async ping() {
      await sql`select 1`.execute(db);
    },
    close: () => engine.close(),
  };
}
