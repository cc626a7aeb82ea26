// The broker put together, in dependency order: reading this is reading the architecture.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import { adminOperations } from './admin/admin-operations.ts';
import { createAudit } from './audit/create-audit.ts';
import { isLoopback } from './config/listen-address.ts';
import type { Config } from './config/load-config.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { openAdminSocket } from './http/admin-socket.ts';
import { createHostCheck } from './http/host-check.ts';
import { openListener } from './http/listener.ts';
import { createMetrics } from './http/metrics.ts';
import { createPages } from './http/pages/create-pages.ts';
import { createPublicApp } from './http/public-app.ts';
import { createTrustedProxies } from './http/trusted-proxies.ts';
import { createIdentity } from './identity/create-identity.ts';
import type { Logger } from './log/logger.ts';
import { compilePolicy } from './policy/compile-policy.ts';
import { openStore } from './store/open-store.ts';
import { createTunnel } from './tunnel/tunnel.ts';
import { createUpstreams } from './upstreams/create-upstreams.ts';
import { createVault } from './vault/create-vault.ts';
import { loadMasterKey } from './vault/master-key.ts';

const WORKSPACE_ID = 'default';
/** How long the last answers may take to leave once no call is under way. */
const CLOSE_LIMIT_MS = 2_000;

export interface Broker {
  readonly url: string;
  /** The administrator's one-time link, as long as there is no administrator. */
  readonly setupUrl: string | undefined;
  /** Not ready any more, no new links; resolves when no call is under way, at the latest after the configured limit. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerOptions {
  config: Config;
  log: Logger;
  clock: Clock;
  pid: number;
  isRoot: boolean;
  /** PATH and LANG of the broker: stdio servers get these and nothing else of its environment. */
  path: string;
  lang: string | undefined;
}

/** The caller holds the data folder. Throws GateError with one clear line for whatever keeps it from serving. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { config, log, clock } = options;
  const { dataDir } = config;
  const startedAt = clock.now();
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const listener = await openListener(config.listen, config.tls);
    closers.push(() => listener.close());
    const publicUrl = config.publicUrl ?? listener.origin;
    if (config.publicUrl === undefined && !isLoopback(listener.address.host)) {
      log.warn(
        { url: publicUrl },
        'public_url is not set: laptops can only log in under this address; set --public-url',
      );
    }

    const masterKey = loadMasterKey({ dataDir, file: config.masterKeyFile });
    const { databaseUrl } = config;
    const store = await openStore({ dataDir, log, clock, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
    closers.push(() => store.close());
    const vault = await createVault({ store, masterKey, clock });
    const audit = createAudit({ store, clock, log, writerId: `${options.pid}-${startedAt}` });
    closers.push(() => audit.flush());

    const upstreams = createUpstreams({
      store,
      vault,
      log,
      clock,
      dataDir,
      isRoot: options.isRoot,
      brokerVersion: VERSION,
      path: options.path,
      ...(options.lang === undefined ? {} : { lang: options.lang }),
      startTimeoutMs: config.upstreams.startTimeoutMs,
      requestTimeoutMs: config.upstreams.requestTimeoutMs,
      idleMs: config.upstreams.idleTimeoutMs,
    });
    closers.push(() => upstreams.close());

    const identity = await createIdentity({
      store,
      vault,
      audit,
      publicUrl,
      clock,
      log,
      oauthSettings: {
        accessTokenTtlS: Math.ceil(config.tokens.accessTtlMs / 1000),
        refreshTokenTtlS: Math.ceil(config.tokens.refreshTtlMs / 1000),
        deviceCodeTtlS: Math.ceil(config.tokens.deviceCodeTtlMs / 1000),
      },
    });
    closers.push(() => identity.close());
    const gateway = createGateway({
      upstreams,
      audit,
      snapshot: (workspaceId) => store.policy.snapshot(workspaceId),
      clock,
      log,
      brokerVersion: VERSION,
    });
    closers.push(() => gateway.closeAll('the broker ended'));
    const tunnel = createTunnel({
      identity,
      gateway,
      audit,
      log,
      clock,
      version: VERSION,
      limits: { resumeMs: config.tunnel.resumeWindowMs },
    });
    closers.push(() => tunnel.close());

    let draining = false;
    const operations = adminOperations({
      store,
      vault,
      audit,
      upstreams,
      compilePolicy,
      people: identity,
      links: () =>
        tunnel.links().map((link) => ({ credentialId: link.principal.credential.id, channels: link.channels })),
      policyChanged: (workspaceId) => gateway.policyChanged(workspaceId),
      facts: {
        version: VERSION,
        url: publicUrl,
        pid: options.pid,
        startedAt,
        dataDir,
        database: databaseUrl === undefined ? 'sqlite' : 'postgres',
        draining: () => draining,
      },
      clock,
    });

    const proxies = createTrustedProxies(config.behindProxy);
    const metrics = createMetrics({
      audit,
      links: () => tunnel.stats(),
      upstreams: () => upstreams.status(WORKSPACE_ID),
      draining: () => draining,
    });
    closers.push(() => metrics.close());
    const app = await createPublicApp({
      listener,
      log,
      trustedProxies: proxies.ranges,
      hostCheck: createHostCheck({ publicUrl, proxies }),
      publicUrl,
      identity,
      audit,
      upstreams,
      metrics,
      operations,
      pages: createPages({ identity, publicUrl, clock }),
      async ready() {
        if (draining) throw new GateError('unavailable', 'this broker is draining');
        await store.ping();
      },
    });
    await app.ready();
    listener.attachUpgrade('/v1/tunnel', (request, socket, head) => {
      const forwardedFor = request.headers['x-forwarded-for'];
      const hops = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
      tunnel.handleUpgrade(request, socket, head, proxies.clientAddress(request.socket.remoteAddress, hops));
    });
    const socket = await openAdminSocket({ dataDir, workspaceId: WORKSPACE_ID, operations, log });
    closers.push(() => socket.close());
    await upstreams.reload();
    const setup = await identity.setupLink(WORKSPACE_ID);

    return {
      url: publicUrl,
      setupUrl: setup?.url,
      async drain() {
        draining = true;
        await tunnel.drain(config.drainTimeoutMs);
        await listener.finish(CLOSE_LIMIT_MS);
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
