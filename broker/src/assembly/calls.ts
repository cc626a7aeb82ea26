// People, the real servers, and what lies between: who may call what, and every call's way.
import { VERSION } from 'mcpgate-shared/version';
import { createAccounts } from '../accounts/create-accounts.ts';
import { createApprovals } from '../approvals/create-approvals.ts';
import { createGrantAccess } from '../approvals/grant-access.ts';
import { createAssertions } from '../assertions/create-assertions.ts';
import { forwardedSettings, idpSettings, signInSettings } from '../config/idp-settings.ts';
import { secretFilesOf, sourcePathsOf } from '../config/source-settings.ts';
import { createDefinitions } from '../definitions/create-definitions.ts';
import { pinAtOnce } from '../definitions/pin-at-once.ts';
import { createDeliveries } from '../deliveries/create-deliveries.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { createGateway } from '../gateway/create-gateway.ts';
import { createHooks } from '../hooks/create-hooks.ts';
import { createIdentity } from '../identity/create-identity.ts';
import { createLaptops } from '../laptops/create-laptops.ts';
import { createLimits } from '../limits/limits.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { anyGlob, matchesGlob } from '../policy/glob.ts';
import { createTunnel } from '../tunnel/tunnel.ts';
import { createUpstreams } from '../upstreams/create-upstreams.ts';
import { systemFoldersOf } from '../upstreams/process/find-program.ts';
import { PROVIDER_MS, type AssemblyContext } from './context.ts';
import type { Custody } from './custody.ts';
import { assembleTelemetry } from './telemetry.ts';

/**
 * How much longer an answer may become on its way from a server to a client. A server's messages are limited to this much less than a client's,
 * so that the longest answer of a server still fits.
 */
const ENVELOPE_BYTES = 4096;
/** How much authorization servers of others may say. */
const PROVIDER_BYTES = 256 * 1024;

/** Makes them in the order of their dependence; what two need of each other is asked for when it is used. */
export async function assembleCalls(context: AssemblyContext, custody: Custody) {
  const { config, log, clock, isRoot, userHome, env, publicUrl, self, onClose } = context;
  const { store, vault, audit, replicas } = custody;
  const { PATH: path = '', LANG: lang } = env;
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
    dataDir: config.data,
    isRoot,
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
    userHome,
    sandboxToolPath: systemFoldersOf(path),
    maxMessageBytes: maxMessageBytes - ENVELOPE_BYTES,
  });
  onClose(() => upstreams.close());

  const identity = await createIdentity({
    ...{ store, vault, audit, publicUrl, clock, log },
    guardedFetch: createGuardedFetch({ allowHosts }),
    allowedOrigins: config.mcp.allowed_origins,
    endElsewhere: replicas.endElsewhere,
    policyChanged: (workspaceId) => gateway.policyChanged(workspaceId),
    endAccounts: (workspaceId, userId) => accounts.endOfPerson(workspaceId, userId),
    localAccounts: config.local_accounts,
    signIn: signInSettings(config.sign_in),
    idp: config.oidc && idpSettings(config.oidc, async (text) => (await vault.resolve(DEFAULT_WORKSPACE, text)).value),
    forwarded: config.forwarded_auth && forwardedSettings(config.forwarded_auth),
    oauthSettings: {
      accessTokenTtlS: Math.ceil(config.tokens.access_ttl / 1000),
      refreshTokenTtlS: Math.ceil(config.tokens.refresh_ttl / 1000),
      deviceCodeTtlS: Math.ceil(config.tokens.device_code_ttl / 1000),
    },
  });
  onClose(() => identity.close());
  const laptops = createLaptops({ store, vault, audit, clock });
  const definitions = createDefinitions({ store, audit, log, clock });
  onClose(pinAtOnce({ upstreams, definitions, log }));
  const limits = createLimits({
    ...{ store, clock },
    onError: (error) => log.warn({ err: error }, 'what was not used of a limit could not be given back'),
  });
  onClose(() => limits.close());
  const here = { holder: self.name, location: self.location };
  const deliveries = createDeliveries({ store, audit, clock, log, ...here });
  const about = { version: VERSION, ...here };
  const hooks = createHooks({ store, vault, audit, approvals, deliveries, clock, log, allowHosts, ...about });
  onClose(() => deliveries.close(), hooks.tell());
  const telemetry = assembleTelemetry(context, { ...custody, deliveries });
  const gateway = createGateway({
    traces: telemetry?.traces,
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
  onClose(() => gateway.closeAll('the broker ended'));
  onClose(
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
  onClose(() => tunnel.close());
  const endRenamed = upstreams.onRenamed(({ workspaceId, names }) => {
    tunnel.serversRenamed(workspaceId, names);
    // Who is being authenticated right now is read again.
    identity.elsewhere
      .changed([])
      .catch((error: unknown) => log.warn({ err: error }, 'logins could not be read again'));
  });
  onClose(endRenamed);

  return {
    ...{ accounts, approvals, assertions, upstreams, identity, definitions },
    ...{ limits, hooks, gateway, tunnel, telemetry },
  };
}

export type Calls = Awaited<ReturnType<typeof assembleCalls>>;
