// Puts the web pages together, and the dashboard. The pages work without JavaScript, under a strict content security policy, are not cached, and their forms carry tokens.
// Query strings stay out of the log, because links carry one-time tokens.
import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import { publicMessage } from '../../domain/public-message.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Approvals } from '../../approvals/approvals.ts';
import type { Identity } from '../../identity/identity.ts';
import { takesBodies } from '../doors/body-doors.ts';
import { registerDashboardRoutes } from '../dashboard/dashboard-routes.ts';
import { HTTP_STATUS } from '../error-status.ts';
import type { ForwardedDoor } from '../doors/forwarded-door.ts';
import type { RefusedRequests } from '../doors/refused-requests.ts';
import { registerSignInRoutes } from './sign-in-routes.ts';
import { type AccountsOfPages, registerAccountsRoutes } from './accounts-routes.ts';
import { createSecret, isSecret } from '../../store/secret-token.ts';
import { iconAsset, scriptAsset, stylesheetAsset } from './assets.ts';
import { registerSecurityRoutes } from './sign-in/security-routes.ts';
import { registerSignInStepRoutes } from './sign-in/sign-in-step-routes.ts';
import { registerConsentRoutes } from './consent-routes.ts';
import { registerIdpRoutes } from './idp-routes.ts';
import { registerDeviceRoutes } from './device-routes.ts';
import { renderPage } from './layout.ts';
import { pageCookies, type PageContext } from './page-context.ts';
import { registerRequestsRoutes } from './requests-routes.ts';
import { messagePage } from './plain-views.ts';

/** `formTarget`: a source to which the answer to a form may redirect besides this broker, because browsers check redirects by `form-action` too. */
const policy = (formTarget = '', script = false): string =>
  `default-src 'none';${script ? " script-src 'self';" : ''} style-src 'self'; img-src 'self'; form-action 'self'${formTarget && ` ${formTarget}`}; frame-ancestors 'none'; base-uri 'none'`;
const BODY_LIMIT_BYTES = 16 * 1024;
/** The longest time for which browsers keep a cookie. */
const KNOWN_FOR_S = 400 * 86_400;

export interface PagesOptions {
  identity: Identity;
  publicUrl: string;
  clock: Clock;
  /** For people whom a reverse proxy has signed in. */
  forwarded?: ForwardedDoor | undefined;
  /** What people have at servers. */
  accounts?: AccountsOfPages | undefined;
  /** What waits for people to decide. */
  approvals?: Approvals | undefined;
  /** Is told whom a page is for. */
  refused?: Pick<RefusedRequests, 'by'> | undefined;
}

/** What the page for an error says. It never shows a stack, nor the message of an unexpected error. */
function explain(error: unknown): { status: number; title: string; message: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && code.startsWith('FST_CSRF'))
    return {
      status: 403,
      title: 'This form is out of date',
      message: 'Go back, load the page again and send it once more.',
    };
  if (error instanceof GateError && error.code !== 'internal')
    return { status: HTTP_STATUS[error.code], title: 'That did not work', message: publicMessage(error) };
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status < 500)
    return { status, title: 'That did not work', message: 'The request could not be read. Go back and try again.' };
  return {
    status: 500,
    title: 'Something went wrong',
    message: "It is in the broker's log. Try again, or ask your platform team.",
  };
}

export function createPages({
  identity,
  publicUrl,
  clock,
  forwarded,
  accounts,
  approvals,
  refused,
}: PagesOptions): FastifyPluginAsync {
  const cookies = pageCookies(publicUrl);
  const { host } = new URL(publicUrl);

  return async (app) => {
    takesBodies(app, 'anyone', BODY_LIMIT_BYTES);
    app.addHook('onRoute', (route) => {
      route.logSerializers = {
        ...route.logSerializers,
        req: (request: FastifyRequest) => ({
          method: request.method,
          url: request.url.split('?', 1)[0],
          remoteAddress: request.ip,
        }),
      };
    });
    await app.register(cookie, { secret: identity.web.formKey });
    if (!app.hasContentTypeParser('application/x-www-form-urlencoded'))
      await app.register(formbody, { bodyLimit: BODY_LIMIT_BYTES });
    await app.register(csrf, { cookieKey: cookies.csrf, cookieOpts: { ...cookies.options, signed: true } });

    /** The form token of each page. All forms of a page share one, because a second one would set another cookie where the browser has none yet. */
    const formTokens = new WeakMap<FastifyReply, string>();
    const formToken = (reply: FastifyReply): string => {
      const token = formTokens.get(reply) ?? reply.generateCsrf();
      formTokens.set(reply, token);
      return token;
    };
    const context: PageContext = {
      identity,
      clock,
      publicUrl,
      visitor: (request) => ({
        request: request.raw,
        address: request.ip,
        userAgent: request.headers['user-agent'] ?? '',
        known: request.cookies[cookies.known],
      }),
      idpCookie: { name: cookies.idp, options: cookies.options },
      accountsCookie: { name: cookies.accounts, options: cookies.options },
      async person(request) {
        const entered = await forwarded?.enter(request, 'pages');
        const found = entered?.person ?? (await identity.web.session(request.cookies[cookies.session]));
        if (found !== undefined) refused?.by(request.raw, { name: found.name, workspaceId: found.workspaceId });
        return found;
      },
      async signIn(request) {
        if ((await forwarded?.enter(request, 'pages')) !== undefined) return undefined;
        return identity.signIn.session(request.cookies[cookies.session], request.cookies[cookies.proof]);
      },
      isFresh: ({ authenticatedAt }) => clock.now() - authenticatedAt < identity.signIn.reauthenticateAfterMs,
      sessionToken: (request) => request.cookies[cookies.session],
      browserSecret(request, reply) {
        const had = request.cookies[cookies.browser];
        const secret = had !== undefined && isSecret(had) ? had : createSecret();
        reply.setCookie(cookies.browser, secret, cookies.options);
        return secret;
      },
      keepProof(reply, proof) {
        reply.setCookie(cookies.proof, proof, cookies.options);
      },
      goOn: (reply, { isFinished }, goTo) =>
        reply.redirect(isFinished ? goTo : `/login/second?${new URLSearchParams({ go_to: goTo }).toString()}`, 303),
      async letIn(request, login) {
        await identity.idp?.letIn(request.cookies[cookies.session], login, request.ip);
      },
      csrf: formToken,
      send(reply, page, { person, status = 200, formTarget } = {}) {
        if (formTarget !== undefined || page.hasScript)
          reply.header('content-security-policy', policy(formTarget, page.hasScript));
        const frame = { host, userName: person?.name, csrf: person ? formToken(reply) : '' };
        return reply.code(status).type('text/html; charset=utf-8').send(renderPage(frame, page));
      },
      startSession(reply, { token, expiresAt, known }) {
        reply.setCookie(cookies.session, token, { ...cookies.options, expires: new Date(expiresAt) });
        reply.clearCookie(cookies.proof, cookies.options);
        if (known !== undefined) reply.setCookie(cookies.known, known, { ...cookies.options, maxAge: KNOWN_FOR_S });
      },
      async endSession(request, reply) {
        const token = request.cookies[cookies.session];
        if (token !== undefined) await identity.web.logout(token, context.visitor(request));
        reply.clearCookie(cookies.session, cookies.options);
        reply.clearCookie(cookies.proof, cookies.options);
        return token === undefined ? undefined : identity.idp?.endUrl(token);
      },
    };

    app.addHook('onRequest', async (request, reply) => {
      reply.headers({
        'content-security-policy': policy(),
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      });
      const site = request.headers['sec-fetch-site'];
      if (request.method === 'POST' && (site === 'cross-site' || site === 'same-site'))
        throw new GateError('forbidden', 'This form was sent from another site.');
    });
    // This runs after the body was read, because the form carries the token.
    app.addHook('preHandler', (request, reply, done) => {
      if (request.method === 'POST') app.csrfProtection(request, reply, done);
      else done();
    });

    app.setErrorHandler((error, request, reply) => {
      const { status, title, message } = explain(error);
      if (status >= 500) request.log.error({ err: error }, 'a page failed');
      return context.send(reply, messagePage({ title, message }), { status });
    });

    for (const asset of [stylesheetAsset, iconAsset, scriptAsset]) {
      app.get(asset.path, (_request, reply) =>
        reply.header('cache-control', 'public, max-age=31536000, immutable').type(asset.type).send(asset.body),
      );
    }

    registerDashboardRoutes(app, context);
    registerSignInRoutes(app, context);
    registerSignInStepRoutes(app, context);
    registerSecurityRoutes(app, context);
    registerDeviceRoutes(app, context);
    registerConsentRoutes(app, context);
    if (identity.idp) registerIdpRoutes(app, context, identity.idp);
    if (accounts) registerAccountsRoutes(app, context, accounts);
    if (approvals) registerRequestsRoutes(app, context, approvals);
  };
}
