// The ways in: HTTP with its doors, the tunnel's upgrade and the administration socket. They are opened last, when everything behind them stands.
import { VERSION } from 'mcpgate-shared/version';
import { serveAdministration } from '../http/api/admin-socket.ts';
import { createIdempotency } from '../http/api/idempotency.ts';
import { createRateLimits } from '../http/api/rate-limits.ts';
import { createEnterWorkspace } from '../http/api/enter-workspace.ts';
import { createForwardedDoor } from '../http/doors/forwarded-door.ts';
import { createHostCheck } from '../http/doors/host-check.ts';
import { createMetricsDoor } from '../http/doors/metrics-door.ts';
import { createRefusedRequests } from '../http/doors/refused-requests.ts';
import { createUpgradeDoor } from '../http/doors/upgrade-door.ts';
import type { EventLoopDelay } from '../http/event-loop-delay.ts';
import { createHttpSessions } from '../http/mcp/mcp-sessions.ts';
import { createModernExchanges } from '../http/mcp/modern-exchanges.ts';
import { createMetrics } from '../http/metrics/metrics.ts';
import { createPages } from '../http/pages/create-pages.ts';
import { createPublicApp } from '../http/public-app.ts';
import type { Administration } from './administration.ts';
import type { Calls } from './calls.ts';
import type { AssemblyContext } from './context.ts';
import type { Custody } from './custody.ts';

export async function assembleServing(
  context: AssemblyContext,
  custody: Custody,
  calls: Calls,
  administration: Administration,
  { isDraining, loopDelay }: { isDraining: () => boolean; loopDelay: EventLoopDelay },
): Promise<void> {
  const { config, log, clock, doors, unexpected, publicUrl, onClose } = context;
  const { listener, badRequests, proxies } = doors;
  const { store, vault, audit, archives, reload, replicas, secretWatch } = custody;
  const { accounts, approvals, assertions, upstreams, identity, limits, hooks, gateway, tunnel, telemetry } = calls;
  const { readiness, ownAccounts, keysEntry, backups, operations } = administration;
  const httpSessions = createHttpSessions({
    gateway,
    identity,
    clock,
    onError: (error) => log.error({ err: error }, 'the end of an HTTP session could not be recorded'),
  });
  onClose(() => httpSessions.close('the broker ended'));
  const modernExchanges = createModernExchanges({
    gateway,
    identity,
    clock,
    onError: (error) => log.error({ err: error }, 'the end of an HTTP request could not be recorded'),
  });
  onClose(() => modernExchanges.close('the broker ended'));

  const enterWorkspace = createEnterWorkspace(store.workspaces);
  const hostCheck = createHostCheck({ publicUrl, proxies });
  const isServer = (workspaceId: string, name: string) =>
    upstreams.servers(workspaceId).some((server) => server.name === name);
  const metrics = createMetrics({
    ...{ version: VERSION, audit, store, limits, hooks, replicas, clock, isServer },
    spans: () => telemetry?.spans,
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
    draining: isDraining,
    secretAges: () => secretWatch.ages,
    lastBackup: () => backups.last(),
    archives: () => archives.state,
  });
  onClose(() => metrics.close());
  if (telemetry !== undefined) onClose(telemetry.sendMetrics(() => metrics.read(), isServer));
  const refused = createRefusedRequests({ audit, log });
  badRequests.listen((reason, address) => refused.note('connection', reason, address ?? null));
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
  const { name: holder } = context.self;
  const api = {
    clock,
    idempotency: createIdempotency({ store, vault, clock, log, holder }),
    edits: { locks: store.idempotentRequests, holder },
  };
  const rates = createRateLimits({ perMinute: () => reload.now.api.requests_per_minute, clock });
  const app = await createPublicApp({
    listener,
    log,
    clock,
    proxies,
    hostCheck,
    publicUrl,
    identity,
    store,
    signingKeys: assertions.keys,
    forwarded,
    audit,
    refused,
    upstreams,
    metrics,
    takeDecision: hooks.takeDecision,
    metricsDoor: createMetricsDoor({ allow: () => reload.now.metrics.allow, proxies }),
    mcp: {
      sessions: httpSessions,
      gateway,
      exchanges: modernExchanges,
      allowedOrigins: config.mcp.allowed_origins,
      maxMessageBytes: config.tunnel.max_message,
      draining: isDraining,
    },
    operations,
    api: { ...api, rates },
    enterWorkspace,
    pages: createPages({
      ...{ identity, publicUrl, clock, forwarded, approvals, refused },
      accounts: { accounts, own: ownAccounts, keysEntry, servers: (workspaceId) => upstreams.servers(workspaceId) },
    }),
    readiness,
  });
  await app.ready();
  listener.attachUpgrade('/v1/tunnel', createUpgradeDoor({ tunnel, hostCheck, proxies, publicUrl }));
  await serveAdministration({
    socket: doors.admin,
    enterWorkspace,
    operations,
    refused,
    api,
    log,
  });
}
