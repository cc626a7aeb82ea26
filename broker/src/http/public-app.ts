// Everything that is served over TCP: health, metrics, OAuth, pages, whoami, the API by token. The tunnel takes its upgrades beside it.
import helmet from '@fastify/helmet';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Operation } from '../admin/operation.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import { assertRole, registerApi } from './api-routes.ts';
import { errorBody } from './error-status.ts';
import { createFastifyApp } from './fastify-app.ts';
import type { HostCheck } from './host-check.ts';
import type { Listener } from './listener.ts';
import type { Metrics } from './metrics.ts';
import { renderPage } from './pages/layout.ts';
import { messagePage } from './pages/plain-views.ts';
import { registerOAuth } from './oauth-routes.ts';
import { bearerOf, rejected } from './rejection.ts';

const PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

export interface PublicAppOptions {
  listener: Listener;
  log: FastifyBaseLogger;
  trustedProxies: readonly string[];
  hostCheck: HostCheck;
  publicUrl: string;
  identity: Pick<Identity, 'authenticate' | 'oauth'>;
  audit: Pick<Audit, 'event'>;
  upstreams: Pick<Upstreams, 'servers'>;
  metrics: Metrics;
  operations: readonly Operation[];
  /** The pages for people. */
  pages: FastifyPluginAsync;
  /** Rejects where a request could not be served now. */
  ready: () => Promise<void>;
}

export async function createPublicApp(options: PublicAppOptions): Promise<FastifyInstance> {
  const { identity, audit, publicUrl, metrics, hostCheck } = options;
  const app = createFastifyApp(options);

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
    await options.ready();
    return { status: 'ready' };
  });
  app.get('/metrics', async (_request, reply) => {
    void reply.type(metrics.contentType);
    return await metrics.text();
  });

  app.get('/v1/whoami', async (request) => {
    const bearer = bearerOf(request.headers.authorization);
    const answer = await identity.authenticate(bearer, 'tunnel');
    if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'whoami', address: request.ip });
    const { user, workspaceId, device, credential, servers } = answer.principal;
    return {
      // A grant without a person is a principal of its own, under the name that rules know it by.
      user: user?.name ?? `grant:${credential.label}`,
      workspace: workspaceId,
      device: device?.name ?? null,
      credential: { kind: credential.kind, id: credential.id, label: credential.label },
      servers: servers ?? options.upstreams.servers(workspaceId).map((server) => server.name),
    };
  });
  // A real upgrade never gets here: the listener hands it to the tunnel.
  app.get('/v1/tunnel', (request, reply) => {
    const error = new GateError('usage', 'this is a WebSocket: connect with the subprotocol mcpgate.v1');
    return reply
      .code(426)
      .header('upgrade', 'websocket')
      .header('connection', 'upgrade')
      .send(errorBody(error, request.id));
  });

  registerOAuth(app, identity.oauth, publicUrl);
  registerApi(app, options.operations, async (request, operation) => {
    const answer = await identity.authenticate(bearerOf(request.headers.authorization), 'api');
    if (answer.kind === 'rejected') throw await rejected(audit, answer, { door: 'api', address: request.ip });
    const { principal } = answer;
    assertRole(principal.user?.role, operation);
    const name = principal.user?.name ?? `grant:${principal.credential.label}`;
    return { actor: { name, address: request.ip }, workspaceId: principal.workspaceId, principal };
  });
  await app.register(options.pages);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
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
