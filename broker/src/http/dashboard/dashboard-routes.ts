// Serves the dashboard at `/` and at the paths of its pages, to those who are signed in; others are sent to the sign-in, which leads back.
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { DASHBOARD_PATHS } from 'mcpgate-shared/api/dashboard/dashboard-paths';
import { GateError } from 'mcpgate-shared/error';
import type { PageContext } from '../pages/page-context.ts';
import { DASHBOARD } from '../pages/page-forms.ts';
import { dashboardAsset, dashboardPage } from './dashboard-files.ts';

/** Scripts and styles are this broker's own files; the styles that the app makes at run time carry the answer's nonce. */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');

/** What stands on the page for browsers that run no scripts. */
const withoutScript = (name: string): string =>
  html`<main>
    <h1>Hello, ${name}</h1>
    <p>
      The dashboard needs JavaScript. Without it there are <a href="/accounts">your accounts</a>,
      <a href="/requests">what waits for people</a>, <a href="/security">your password and passkeys</a>,
      <a href="/device">connecting a device</a> and <a href="/logout">signing out</a>.
    </p>
  </main>`;

/** Where the sign-in leads back to: the path with its query, if it is one of the dashboard's. */
function signInPath(url: string): string {
  const to = url.slice(1);
  return DASHBOARD.test(to) ? `/login?${new URLSearchParams({ to }).toString()}` : '/login';
}

export function registerDashboardRoutes(app: FastifyInstance, context: PageContext): void {
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(signInPath(request.url), 303);
    const nonce = randomBytes(16).toString('base64');
    const page = (await dashboardPage())
      .replace('__NONCE__', nonce)
      .replace('__WITHOUT_SCRIPT__', () => withoutScript(person.name));
    return reply.header('content-security-policy', policy(nonce)).type('text/html; charset=utf-8').send(page);
  };
  app.get('/', show);
  for (const path of DASHBOARD_PATHS) {
    app.get(`/${path}`, show);
    app.get(`/${path}/*`, show);
  }

  app.get<{ Params: { name: string } }>('/dashboard/assets/:name', async (request, reply) => {
    const { name } = request.params;
    const asset = await dashboardAsset(name, request.headers['accept-encoding'] ?? '');
    if (asset === undefined) throw new GateError('not_found', `the dashboard has no file ${JSON.stringify(name)}`);
    if (asset.encoding !== undefined) void reply.header('content-encoding', asset.encoding);
    return reply
      .headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' })
      .type(asset.type)
      .send(asset.body);
  });
}
