// Puts the broker together, each part after those that it depends on: to read this file is to read the architecture.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from 'mcpgate-shared/clock';
import { VERSION } from 'mcpgate-shared/version';
import { createAccounts } from './accounts/create-accounts.ts';
import { createKeysEntry } from './accounts/enter-keys.ts';
import { createOwnAccounts } from './accounts/own-accounts.ts';
import { createApprovals } from './approvals/create-approvals.ts';
import { createGrantAccess } from './approvals/grant-access.ts';
import { createAssertions } from './assertions/create-assertions.ts';
import { adminOperations } from './admin/admin-operations.ts';
import { createBackups } from './admin/backups/backups.ts';
import { createReload, type Reload } from './admin/reload/reload.ts';
import { tellRestore } from './admin/backups/restore-note.ts';
import { leftBehindEvents } from './admin/rotation/secret-events.ts';
import { assembleLog } from './audit/assemble-log.ts';
import { fetchedRegistry } from './catalogue/registry/fetched-registry.ts';
import { forwardedSettings, idpSettings } from './config/idp-settings.ts';
import { isLoopback } from './config/listen-address.ts';
import type { Config, ReloadedConfig } from './config/load-config.ts';
import { secretFilesOf, sourcePathsOf, sourceSettings } from './config/source-settings.ts';
import { createDeliveries } from './deliveries/create-deliveries.ts';
import { createDefinitions } from './definitions/create-definitions.ts';
import { pinAtOnce } from './definitions/pin-at-once.ts';
import { createReadiness } from './domain/readiness.ts';
import type { Unexpected } from './domain/unexpected.ts';
import { DEFAULT_WORKSPACE } from './domain/workspace.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { serveAdministration } from './http/api/admin-socket.ts';
import { createEnterWorkspace } from './http/api/enter-workspace.ts';
import { createForwardedDoor } from './http/doors/forwarded-door.ts';
import type { Doors } from './http/doors/doors.ts';
import { createHostCheck } from './http/doors/host-check.ts';
import { watchEventLoopDelay } from './http/event-loop-delay.ts';
import { createMetricsDoor } from './http/doors/metrics-door.ts';
import { createHttpSessions } from './http/mcp/mcp-sessions.ts';
import { createModernExchanges } from './http/mcp/modern-exchanges.ts';
import { createMetrics } from './http/metrics/metrics.ts';
import { createPages } from './http/pages/create-pages.ts';
import { createPublicApp } from './http/public-app.ts';
import { createUpgradeDoor } from './http/doors/upgrade-door.ts';
import { createLaptops } from './laptops/create-laptops.ts';
import { createHooks } from './hooks/create-hooks.ts';
import { createIdentity } from './identity/create-identity.ts';
import { createLimits } from './limits/limits.ts';
import type { Logger } from './log/logger.ts';
import { createGuardedFetch } from './net/guarded-fetch.ts';
import { anyGlob, matchesGlob } from './policy/glob.ts';
import { createReplicas } from './replicas/replicas.ts';
import { openStore } from './store/open-store.ts';
import { createTunnel } from './tunnel/tunnel.ts';
import { createUpstreams } from './upstreams/create-upstreams.ts';
import { systemFoldersOf } from './upstreams/process/find-program.ts';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import { createSecretWatch } from './vault/secret-watch.ts';
import { createVault } from './vault/create-vault.ts';
import { createKeyRotation } from './vault/key-rotation.ts';
import { loadMasterKey } from './vault/master-key.ts';

/**
 * How much longer an answer may become on its way from a server to a client. A server's messages are limited to this much less than a client's,
 * so that the longest answer of a server still fits.
 */
const ENVELOPE_BYTES = 4096;
/** How long authorization servers of others may take to answer, and how much they may say. */
const PROVIDER_MS = 10_000;
const PROVIDER_BYTES = 256 * 1024;
/** How long, at the end of a drain, the broker waits for the last HTTP answers to be sent. */
const CLOSE_LIMIT_MS = 2_000;

export interface Broker {
  readonly url: string;
  /** The administrator's one-time link, as long as there is no administrator. */
  readonly setupUrl: string | undefined;
  /** Reads configuration and certificate again. Throws as `Reload.run` does. */
  reload: Reload['run'];
  /** Stops being ready and taking new links; resolves when no call is under way, at the latest after the configured limit. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerOptions {
  config: Config;
  /** Reads the sources of the configuration again. */
  readConfig: (before: Config) => ReloadedConfig;
  /** The open listener and administration socket; the broker closes them when it ends. */
  doors: Doors;
  unexpected: Unexpected;
  log: Logger;
  clock: Clock;
  pid: number;
  isRoot: boolean;
  /** Of the broker: stdio servers get PATH and LANG and nothing else of it; the configuration says what secrets may come from it. */
  env: Readonly<Record<string, string | undefined>>;
  /** The home of the broker's own user. */
  userHome: string | undefined;
}

/**
 * Makes a broker and begins to serve. The caller holds the lock of the data folder. Throws a GateError with one clear line for whatever keeps the
 * broker from serving; `unavailable` where that is its database: then it may be called again with the same doors.
 */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { config, log, clock, doors, unexpected } = options;
  const { listener, badRequests, proxies } = doors;
  const { data: dataDir } = config;
  const { PATH: path = '', LANG: lang } = options.env;
  const startedAt = clock.now();
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const publicUrl = config.public_url ?? listener.origin;
    if (config.public_url === undefined && !isLoopback(listener.address.host)) {
      log.warn(
        { url: publicUrl },
        'public_url is not set: laptops can only log in under this address; set --public-url',
      );
    }

    const masterKey = loadMasterKey({ dataDir, file: config.master_key_file });
    const { database_url: databaseUrl } = config;
    const self = { name: randomBytes(12).toString('hex'), location: `${hostname()} (process ${options.pid})` };
    const { durability } = config.audit;
    const store = await openStore({ dataDir, log, clock, self, durability, databaseUrl });
    closers.push(() => store.close());
    const vault = await createVault({
      ...{ store, masterKey, clock, holder: self.name },
      isAlone: databaseUrl === undefined,
      sources: {
        ...{ settings: sourceSettings(config), env: options.env, log },
        onNewValue({ source: { workspaceId, name, reference }, version, from }) {
          const facts = { workspace_id: workspaceId, type: 'secret.changed', actor: 'broker', address: null };
          audit
            .event({ ...facts, subject: `secret:${name}`, data: { version, from, source: reference } })
            .catch((error: unknown) => log.warn({ err: error, name }, 'a new value could not be recorded'));
        },
      },
    });
    closers.push(() => vault.close());
    // The process id alone would not do: in containers every broker is process 1.
    const writerId = `${options.pid}-${startedAt}-${self.name.slice(0, 8)}`;
    const { audit, proofs } = assembleLog({
      ...{ store, vault, clock, log, writerId, settings: config.audit, isAlone: databaseUrl === undefined },
      guardedFetch: createGuardedFetch({ allowHosts: config.outbound.allow_hosts, timeoutMs: PROVIDER_MS }),
    });
    closers.push(() => audit.close());
    const reload = createReload({ config, read: options.readConfig, certificate: doors.certificate, audit, log });

    const replicas = createReplicas({ bus: store.bus, self, audit, log, clock });
    closers.push(() => replicas.close());
    const keys = createKeyRotation({
      ...{ store, keyring: vault.keyring, bus: store.bus, clock, log },
      record: ({ type, by, data }) =>
        audit.event({
          workspace_id: DEFAULT_WORKSPACE,
          type,
          actor: by.name,
          subject: 'master-key',
          address: by.address,
          data,
        }),
    });
    closers.push(() => keys.close());
    const secretWatch = createSecretWatch({
      ...{ store, versions: vault.versions, onChange: vault.onChange, clock, log, maxAgeMs: config.secrets.max_age },
      ...leftBehindEvents(audit),
    });
    closers.push(() => secretWatch.close());
    // What the error broke off may have been the handling of a revocation by another broker: everything is read again.
    closers.push(unexpected.listen(() => replicas.doubt('an unexpected error')));

    const { backlog: backlogBytes, max_message: maxMessageBytes, resume_window: resumeMs } = config.tunnel;
    const { allow_hosts: allowHosts } = config.outbound;
    const issuer = new URL(publicUrl).origin;
    const accounts = createAccounts({
      store,
      vault,
      audit,
      clock,
      log,
      publicUrl: issuer,
      company: config.oidc && {
        request: async (of) => (await identity.assertionRequests?.request(of)) ?? { kind: 'no_sign_in' },
        forget: async (userId) => identity.assertionRequests?.forget(userId),
      },
      guardedFetch: createGuardedFetch({ allowHosts, timeoutMs: PROVIDER_MS, maxBytes: PROVIDER_BYTES }),
    });
    const approvals = createApprovals({
      ...{ store, vault, audit, clock },
      publicUrl: issuer,
      matches: matchesGlob,
      granted: createGrantAccess({ audit, policyChanged: (workspaceId) => gateway.policyChanged(workspaceId) }),
    });
    const assertions = createAssertions({ store, vault, clock, issuer, tellsGroup: anyGlob(config.identity.groups) });
    const upstreams = createUpstreams({
      store,
      vault,
      accounts,
      identityTokens: assertions,
      log,
      clock,
      dataDir,
      isRoot: options.isRoot,
      brokerVersion: VERSION,
      path,
      ...(lang === undefined ? {} : { lang }),
      startTimeoutMs: config.upstreams.start_timeout,
      requestTimeoutMs: config.upstreams.request_timeout,
      listAgeMs: config.upstreams.list_age,
      idleMs: config.upstreams.idle_timeout,
      sharedIdleMs: config.upstreams.shared_idle_timeout,
      limits: {
        overall: config.upstreams.max_processes,
        perServer: config.upstreams.max_processes_per_server,
        perUser: config.upstreams.max_processes_per_user,
      },
      resourceLimits: config.upstreams.limits,
      stdio: config.stdio,
      secretFiles: [...secretFilesOf(config), ...sourcePathsOf(config)],
      userHome: options.userHome,
      sandboxToolPath: systemFoldersOf(path),
      maxMessageBytes: maxMessageBytes - ENVELOPE_BYTES,
    });
    closers.push(() => upstreams.close());

    const identity = await createIdentity({
      ...{ store, vault, audit, publicUrl, clock, log },
      guardedFetch: createGuardedFetch({ allowHosts }),
      allowedOrigins: config.mcp.allowed_origins,
      endElsewhere: replicas.endElsewhere,
      policyChanged: (workspaceId) => gateway.policyChanged(workspaceId),
      endAccounts: (workspaceId, userId) => accounts.endOfPerson(workspaceId, userId),
      localAccounts: config.local_accounts,
      idp:
        config.oidc && idpSettings(config.oidc, async (text) => (await vault.resolve(DEFAULT_WORKSPACE, text)).value),
      forwarded: config.forwarded_auth && forwardedSettings(config.forwarded_auth),
      oauthSettings: {
        accessTokenTtlS: Math.ceil(config.tokens.access_ttl / 1000),
        refreshTokenTtlS: Math.ceil(config.tokens.refresh_ttl / 1000),
        deviceCodeTtlS: Math.ceil(config.tokens.device_code_ttl / 1000),
      },
    });
    closers.push(() => identity.close());
    const laptops = createLaptops({ store, vault, audit, clock });
    const definitions = createDefinitions({ store, audit, log, clock });
    closers.push(pinAtOnce({ upstreams, definitions, log }));
    const limits = createLimits({
      ...{ store, clock },
      onError: (error) => log.warn({ err: error }, 'what was not used of a limit could not be given back'),
    });
    closers.push(() => limits.close());
    const deliveries = createDeliveries({ store, audit, clock, log, holder: self.name });
    const about = { version: VERSION, holder: self.name };
    const hooks = createHooks({ store, vault, audit, approvals, deliveries, clock, log, allowHosts, ...about });
    closers.push(() => deliveries.close(), hooks.tell());
    const gateway = createGateway({
      limits,
      authorizer: hooks.authorizer,
      upstreams,
      definitions,
      accounts,
      approvals,
      audit,
      laptops,
      snapshot: (workspaceId) => store.policy.snapshot(workspaceId),
      hears: () => !replicas.isDeaf,
      clock,
      log,
      brokerVersion: VERSION,
      maxMessageChars: maxMessageBytes,
      searchRules: config.tool_search,
    });
    closers.push(() => gateway.closeAll('the broker ended'));
    closers.push(
      identity.onChanged((person) => {
        assertions.personChanged();
        return gateway.personChanged(person);
      }),
    );
    const tunnel = createTunnel({
      identity,
      gateway,
      audit,
      log,
      clock,
      version: VERSION,
      broker: self.name,
      departures: store.departures,
      leftChannels: store.leftChannels,
      vault,
      bus: store.bus,
      limits: { resumeMs, backlogBytes, maxMessageBytes },
    });
    closers.push(() => tunnel.close());
    const endRenamed = upstreams.onRenamed(({ workspaceId, names }) => {
      tunnel.serversRenamed(workspaceId, names);
      // Who is being authenticated right now is read again.
      identity.elsewhere
        .changed([])
        .catch((error: unknown) => log.warn({ err: error }, 'logins could not be read again'));
    });
    closers.push(endRenamed);

    const loopDelay = watchEventLoopDelay();
    closers.push(() => loopDelay.stop());
    const httpSessions = createHttpSessions({
      gateway,
      identity,
      clock,
      onError: (error) => log.error({ err: error }, 'the end of an HTTP session could not be recorded'),
    });
    closers.push(() => httpSessions.close('the broker ended'));
    const modernExchanges = createModernExchanges({
      gateway,
      identity,
      clock,
      onError: (error) => log.error({ err: error }, 'the end of an HTTP request could not be recorded'),
    });
    closers.push(() => modernExchanges.close('the broker ended'));

    let draining = false;
    const readiness = createReadiness({
      clock,
      isDraining: () => draining,
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
    const backups = createBackups({ dataDir, databaseUrl, store, keyring: vault.keyring, version: VERSION, clock });
    await tellRestore({ settings: store.settings, audit });
    const operations = adminOperations({
      hooks,
      backups,
      reload,
      backupMaxAgeMs: () => reload.now.backup.max_age,
      accounts,
      approvals,
      ownAccounts,
      keysEntry,
      ...{ store, vault, keys, audit, proofs, upstreams, definitions },
      signingKeys: assertions.keys,
      switchElsewhere: replicas.switchElsewhere,
      secretWatch,
      people: identity,
      links: () =>
        tunnel.links().map((link) => ({
          workspaceId: link.principal.workspaceId,
          credentialId: link.principal.credential.id,
          channels: link.channels,
        })),
      memory() {
        const { backlogBytes, heldBytes, partialBytes, socketBytes } = tunnel.stats();
        const { heapUsed, rss } = process.memoryUsage();
        return { backlogBytes, heldBytes, partialBytes, socketBytes, heapBytes: heapUsed, processBytes: rss };
      },
      eventLoopDelay: () => loopDelay.read(),
      policyChanged: (workspaceId) => gateway.policyChanged(workspaceId),
      secretsOfConfiguration: [config.oidc?.client_secret ?? '', ...Object.values(config.oidc?.assertion_clients ?? {})]
        .flatMap(referencesIn)
        .map(({ name }) => name),
      allowedCommands: config.stdio.allow,
      registry: fetchedRegistry(config.catalogue.registry, config.outbound.allow_hosts),
      facts: {
        version: VERSION,
        url: publicUrl,
        pid: options.pid,
        startedAt,
        dataDir,
        database: databaseUrl === undefined ? 'sqlite' : 'postgres',
        durability,
        readiness,
        replicas,
      },
      clock,
    });

    await replicas.follow({
      gateway,
      upstreams,
      vault,
      keys,
      assertions: assertions.keys,
      accounts,
      approvals,
      identity,
      definitions,
    });
    void keys.start();
    void secretWatch.start();
    vault.sources
      .start()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'where secrets come from cannot be read; tried with the next call'),
      );

    const enterWorkspace = createEnterWorkspace(store.workspaces);
    const hostCheck = createHostCheck({ publicUrl, proxies });
    const metrics = createMetrics({
      ...{ version: VERSION, audit, store, limits, hooks, replicas, clock },
      isServer: (workspaceId, name) => upstreams.servers(workspaceId).some((server) => server.name === name),
      tunnel: () => tunnel.stats(),
      eventLoopDelay: () => loopDelay.read(),
      badRequests: () => badRequests.counts,
      refusedMessages: () => gateway.refused,
      unexpected: () => unexpected.counts,
      upstreams: () =>
        upstreams
          .workspaces()
          .flatMap((workspace) => upstreams.status(workspace).map((status) => ({ ...status, workspace }))),
      secretSources: () => vault.sources.views(),
      draining: () => draining,
      secretAges: () => secretWatch.ages,
      lastBackup: () => backups.last(),
    });
    closers.push(() => metrics.close());
    const told = config.forwarded_auth;
    const forwarded =
      told &&
      identity.forwarded &&
      createForwardedDoor({
        from: told.from,
        userHeader: told.user_header,
        groupsHeader: told.groups_header,
        emailHeader: told.email_header,
        workspaceHeader: told.workspace_header,
        people: identity.forwarded,
        audit,
      });
    const app = await createPublicApp({
      listener,
      log,
      clock,
      proxies,
      hostCheck,
      publicUrl,
      identity,
      signingKeys: assertions.keys,
      forwarded,
      audit,
      upstreams,
      metrics,
      takeDecision: hooks.takeDecision,
      metricsDoor: createMetricsDoor({ allow: () => reload.now.metrics.allow, proxies }),
      mcp: {
        sessions: httpSessions,
        gateway,
        exchanges: modernExchanges,
        allowedOrigins: config.mcp.allowed_origins,
        maxMessageBytes,
        draining: () => draining,
      },
      operations,
      enterWorkspace,
      pages: createPages({
        ...{ identity, publicUrl, clock, forwarded, approvals },
        accounts: { accounts, own: ownAccounts, keysEntry, servers: (workspaceId) => upstreams.servers(workspaceId) },
      }),
      readiness,
    });
    await app.ready();
    listener.attachUpgrade('/v1/tunnel', createUpgradeDoor({ tunnel, hostCheck, proxies, publicUrl }));
    await serveAdministration({ socket: doors.admin, enterWorkspace, operations, log });
    await upstreams.reload();
    const setup = await identity.setupLink(DEFAULT_WORKSPACE);

    return {
      url: publicUrl,
      setupUrl: setup?.url,
      reload: (by) => reload.run(by),
      async drain() {
        draining = true;
        gateway.endWaits();
        await tunnel.drain(reload.now.drain.timeout);
        await listener.finish(CLOSE_LIMIT_MS);
      },
      async close() {
        await doors.admin.close();
        await closeAll();
        await listener.close();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
