// Puts together everything that is served over TCP: health, metrics, `/mcp`, OAuth, the API by token, SCIM, the pages. The tunnel's WebSocket
// upgrades do not pass here; the listener hands them to the tunnel.
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Operation } from '../admin/operation.ts';
import type { Audit } from '../audit/audit.ts';
import type { Readiness } from '../domain/readiness.ts';
import type { GatewayService } from '../gateway/gateway.ts';
import type { Identity } from '../identity/identity.ts';
import type { Store } from '../store/store.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { SigningKeys } from '../assertions/assertions.ts';
import { registerApi, refuseMethod, type ApiParts } from './api/api-routes.ts';
import { createResolveBrowser } from './api/browser-callers.ts';
import { assertMay, checkedFresh, createResolveCaller, type ResolveCaller } from './api/callers.ts';
import { workspaceOf, type EnterWorkspace } from './api/enter-workspace.ts';
import { signInOperations } from './api/sign-in-operations.ts';
import { ownToolOperations } from './api/own-tools.ts';
import { sessionOperations } from './api/session-operations.ts';
import { errorBody } from './error-status.ts';
import type { ForwardedDoor } from './doors/forwarded-door.ts';
import { createFastifyApp } from './fastify-app.ts';
import type { HostCheck } from './doors/host-check.ts';
import { createKnownTokens } from './doors/known-tokens.ts';
import type { Listener } from './listener.ts';
import type { MetricsDoor } from './doors/metrics-door.ts';
import type { RefusedRequests } from './doors/refused-requests.ts';
import type { Metrics } from './metrics/metrics.ts';
import { renderPage } from './pages/layout.ts';
import { pageCookies } from './pages/page-context.ts';
import { messagePage } from './pages/plain-views.ts';
import type { TakeDecision } from '../hooks/approvals/take-decision.ts';
import { registerHooks } from './hook-routes.ts';
import { registerIdpLogout } from './idp-logout.ts';
import { registerJwks } from './jwks-route.ts';
import { registerMcp, type McpRoutesOptions } from './mcp/mcp-routes.ts';
import { registerOAuth } from './oauth-routes.ts';
import { bearerOf, rejected } from './rejection.ts';
import { registerScim } from './scim/scim-routes.ts';
import { createStrangerTurns } from './doors/stranger-turns.ts';
import { strangersWait } from './doors/strangers-wait.ts';
import type { TrustedProxies } from './doors/trusted-proxies.ts';

const PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

export interface PublicAppOptions {
  listener: Listener;
  log: FastifyBaseLogger;
  clock: Clock;
  proxies: TrustedProxies;
  hostCheck: HostCheck;
  publicUrl: string;
  identity: Pick<
    Identity,
    | 'authenticate'
    | 'authenticateBrowser'
    | 'adminTokens'
    | 'provisioning'
    | 'onRevoked'
    | 'onChanged'
    | 'oauth'
    | 'idp'
    | 'web'
    | 'signIn'
  >;
  store: { users: Pick<Store['users'], 'byId'>; workspaces: Pick<Store['workspaces'], 'list'> };
  signingKeys: Pick<SigningKeys, 'published'>;
  /** For people whom a reverse proxy has signed in. */
  forwarded: ForwardedDoor | undefined;
  audit: Pick<Audit, 'refused' | 'told' | 'askedWith'>;
  refused: RefusedRequests;
  upstreams: Pick<Upstreams, 'servers'>;
  metrics: Metrics;
  takeDecision: TakeDecision;
  metricsDoor: MetricsDoor;
  mcp: { gateway: Pick<GatewayService, 'open' | 'mayUse' | 'viewNamed'> } & Pick<
    McpRoutesOptions,
    'sessions' | 'exchanges' | 'allowedOrigins' | 'maxMessageBytes' | 'draining'
  >;
  operations: readonly Operation[];
  api: Pick<ApiParts, 'clock' | 'idempotency' | 'edits' | 'rates'>;
  enterWorkspace: EnterWorkspace;
  /** The pages for people. */
  pages: FastifyPluginAsync;
  readiness: () => Promise<Readiness>;
}

export async function createPublicApp(options: PublicAppOptions): Promise<FastifyInstance> {
  const { audit, publicUrl, metrics, hostCheck, listener, proxies, refused } = options;
  const knownTokens = createKnownTokens(options.clock);
  const identity = knownTokens.watch(options.identity);
  const turns = createStrangerTurns();
  const { session: cookie } = pageCookies(publicUrl);
  const app = createFastifyApp({
    log: options.log,
    trustedProxies: proxies.ranges,
    listener: {
      server: listener.server,
      attach: (handle) => listener.attach(strangersWait(handle, { turns, knownTokens, proxies, cookie, refused })),
    },
  });

  refused.watch(app);
  app.addHook('onRequest', async (request) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    if (hostCheck.allows({ host: request.headers.host, path, peer: request.raw.socket.remoteAddress })) return;
    throw new GateError('forbidden', `this broker is ${publicUrl}; it does not answer for other names`);
  });
  await app.register(helmet, {
    // Pages set a policy of their own, with their hashes; everything else may load nothing.
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    hsts: publicUrl.startsWith('https:') ? { maxAge: 31_536_000 } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
  });

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const readiness = await options.readiness();
    if (readiness.kind === 'ready') return { status: 'ready' };
    throw readiness.kind === 'draining' ? new GateError('unavailable', 'this broker is draining') : readiness.why;
  });
  app.get('/metrics', async (request, reply) => {
    if (!options.metricsDoor.allows({ peer: request.raw.socket.remoteAddress, headers: request.headers })) {
      throw new GateError('forbidden', 'metrics are not for this address; see metrics.allow in the configuration');
    }
    void reply.type(metrics.contentType);
    return await metrics.text();
  });

  app.get('/v1/whoami', async (request) => {
    const bearer = bearerOf(request.headers.authorization);
    const answer = await identity.authenticate(bearer, 'tunnel', request.ip);
    if (answer.kind === 'rejected')
      throw await rejected(audit, answer, { door: 'whoami', address: request.ip, of: request.raw });
    const { user, workspaceId, device, credential, servers } = answer.principal;
    return {
      // A grant without a person is a principal of its own; it is shown under the name that rules know it by.
      user: user?.name ?? `grant:${credential.label}`,
      workspace: workspaceId,
      device: device?.name ?? null,
      credential: { kind: credential.kind, id: credential.id, label: credential.label },
      servers: servers ?? options.upstreams.servers(workspaceId).map((server) => server.name),
    };
  });
  // A WebSocket upgrade never gets here, because the listener hands it to the tunnel: this answers plain requests.
  app.get('/v1/tunnel', (request, reply) => {
    const error = new GateError('usage', 'this is a WebSocket: connect with the subprotocol mcpgate.v1');
    return reply
      .code(426)
      .header('upgrade', 'websocket')
      .header('connection', 'upgrade')
      .send(errorBody(error, request.id));
  });

  const known = (socket: Socket) => listener.known(socket);
  registerMcp(app, { identity, audit, refused, publicUrl, forwarded: options.forwarded, known, ...options.mcp });
  const resolveCaller = createResolveCaller({ identity, audit });
  const resolveBrowser = createResolveBrowser({ identity, forwarded: options.forwarded, audit, publicUrl });
  registerOAuth(app, identity.oauth, publicUrl);
  registerJwks(app, options.signingKeys);
  registerHooks(app, options.takeDecision);
  if (identity.idp) registerIdpLogout(app, identity.idp, options.log, options.clock);
  const callerOf: ResolveCaller = async (request, operation) => {
    const { authorization } = request.headers;
    // A token decides alone, whatever the browser adds to it.
    const caller =
      authorization === undefined
        ? await resolveBrowser(request)
        : await resolveCaller(bearerOf(authorization), request.ip, request.raw);
    known(request.raw.socket);
    refused.by(request.raw, { name: caller.actor.name, workspaceId: caller.workspaceId });
    assertMay(caller, operation);
    const { reauthenticateAfterMs: afterMs } = identity.signIn;
    const shownLately = checkedFresh(caller, operation, { afterMs, now: options.clock.now() });
    return options.enterWorkspace({ ...caller, ...shownLately }, workspaceOf(request));
  };
  const ofBrowser = [
    ...sessionOperations({ store: options.store, publicUrl, clock: options.clock, signIn: identity.signIn }),
    ...signInOperations({ signIn: identity.signIn }),
    ...ownToolOperations({
      ...{ gateway: options.mcp.gateway, upstreams: options.upstreams, identity },
      elapsedMs: () => performance.now(),
      onError: (error) => options.log.error({ err: error }, 'the end of a call from a browser could not be recorded'),
    }),
  ];
  const allowOf = registerApi(app, [...options.operations, ...ofBrowser], callerOf, {
    ...options.api,
    identity,
    audit,
  });
  await registerScim(app, { identity, audit, publicUrl });
  await app.register(options.pages);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const allow = allowOf(path);
    if (allow !== undefined) return refuseMethod(request, reply, allow);
    if (request.method === 'GET' && /\btext\/html\b/.test(request.headers.accept ?? '')) {
      const page = messagePage({
        title: 'There is nothing here',
        message: 'The address may be mistyped, or from another version.',
        link: { href: '/', text: 'To the start page' },
      });
      const frame = { host: new URL(publicUrl).host, userName: undefined, csrf: '' };
      return reply
        .code(404)
        .header('content-security-policy', PAGE_POLICY)
        .type('text/html; charset=utf-8')
        .send(renderPage(frame, page));
    }
    throw new GateError('not_found', `there is no ${request.method} ${path} here`);
  });
  return app;
}
