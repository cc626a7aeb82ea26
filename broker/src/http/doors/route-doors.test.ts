// Every route of every app of a running broker, as the router knows it.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { DASHBOARD_PATHS } from 'mcpgate-shared/api/dashboard/dashboard-paths';
import { startBrokerHere } from '../../fixtures/broker-here.ts';

interface Route {
  method: string;
  url: string;
  options: RouteOptions;
}

/** The routes of each app, in the order in which the apps were made: everybody's, the administrators'. */
async function open(t: TestContext) {
  const apps: Route[][] = [];
  const watch = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    const routes: Route[] = [];
    apps.push(routes);
    fastify.addHook('onRoute', (options) => {
      for (const method of [options.method].flat()) routes.push({ method, url: options.url, options });
    });
  };
  subscribe('fastify.initialization', watch);
  t.after(() => unsubscribe('fastify.initialization', watch));
  const dataDir = mkdtempSync(join(tmpdir(), 'mg-routes-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const broker = await startBrokerHere(t, dataDir, { level: 'error', write: () => undefined });
  const [everybodys = [], administrators = []] = apps;
  return { url: broker.url, apps, everybodys, administrators };
}

/** What anyone may send a body to: each is bounded to 64 KiB, and looked at by who may send what. A new one is a decision. */
const ANYONES_BODIES = [
  ...['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
  ...[
    '/oauth/auth',
    '/oauth/auth/:uid',
    '/oauth/device_authorization',
    '/oauth/jwks',
    '/oauth/register',
    '/oauth/revoke',
  ],
  ...['/oauth/token', '/consent/:id', '/device', '/link', '/login', '/logout', '/setup'],
  ...['/login/passkey', '/login/second', '/reauthenticate'],
  ...['/security/passkeys', '/security/passkeys/remove', '/security/password'],
  ...['/accounts/:server/connect', '/accounts/:server/disconnect', '/accounts/:server/keys'],
  ...['/accounts/:server/shared/connect', '/accounts/:server/shared/disconnect'],
  ...['/requests/:id', '/hooks/:workspace/:name'],
];
/** Read by whoever asks; pages send who is not signed in to the login. */
const ANYONES_PAGES = [
  ...['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json', '/v1/tunnel'],
  ...['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/*'],
  ...['/', '/assets/*', '/consent', '/consent/:id', '/device', '/link', '/login', '/logout', '/setup'],
  ...['/login/second', '/reauthenticate', '/security'],
  ...['/accounts', '/accounts/:server', '/accounts/:server/shared', '/requests', '/requests/:id'],
  ...['/.well-known/jwks.json', '/dashboard/assets/:name'],
  ...DASHBOARD_PATHS.flatMap((path) => [`/${path}`, `/${path}/*`]),
  ...['/oauth/upstream/callback/:of', '/oauth/upstream/client/:of'],
];
const isRead = ({ method }: Route) => method === 'GET' || method === 'HEAD';
const urlsOf = (routes: readonly Route[]) =>
  [...new Set(routes.map(({ url }) => url.replace(/^\/assets\/.*/, '/assets/*')))].toSorted();

test('every route of every app says who may send it a body and how long it may be', async (t) => {
  const { apps, everybodys, administrators } = await open(t);
  assert.equal(apps.length, 2, 'apps');
  for (const { method, url, options } of [...everybodys, ...administrators].filter((route) => !isRead(route))) {
    const { bodyLimit = 0, config } = options;
    const isAnyones = config?.bodyFrom === 'anyone';
    assert.ok(isAnyones || config?.bodyFrom === 'caller', `${method} ${url}`);
    assert.ok(bodyLimit > 0 && bodyLimit <= (isAnyones ? 65_536 : 64 * 1024 * 1024), `${method} ${url}: ${bodyLimit}`);
  }
  const anyones = everybodys.filter((route) => !isRead(route) && route.options.config?.bodyFrom === 'anyone');
  assert.deepEqual(urlsOf(anyones), ANYONES_BODIES.toSorted());
  assert.deepEqual(
    [...new Set(administrators.map(({ options }) => options.config?.bodyFrom ?? options.url))],
    ['/api/v1/openapi.json', 'caller'],
  );
});

test('every route answers who has no token before it does anything, but those that are named here', async (t) => {
  const { url: origin, everybodys } = await open(t);
  const known = everybodys.filter(({ url, method, options }) =>
    isRead({ url, method, options })
      ? !ANYONES_PAGES.includes(url) && !url.startsWith('/assets/') && options.config?.bodyFrom !== 'anyone'
      : options.config?.bodyFrom === 'caller',
  );
  assert.ok(known.length > 100, `${known.length} routes`);
  for (const { method, url } of known) {
    const path = url.replaceAll(/:\w+/g, 'x');
    const hasBody = !isRead({ method } as Route);
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(origin + path, { method, ...(hasBody && { body: '{', headers }) });
    // Browsers ask with OPTIONS before they know who somebody is; SCIM holds each address to a rate.
    const expected = method === 'OPTIONS' ? [204] : url.startsWith('/scim/') ? [401, 429] : [401];
    assert.ok(expected.includes(status), `${method} ${url}: ${status}`);
  }
  const others = everybodys.filter((route) => isRead(route) && !known.includes(route));
  const named = [...ANYONES_PAGES, ...ANYONES_BODIES.filter((url) => /^\/(oauth|\.well-known)\//.test(url))];
  assert.deepEqual(urlsOf(others), [...new Set(named)].toSorted());
});

test('a path of the API with a method that it does not have answers 405 and which it has; one that is none answers 404', async (t) => {
  const { url: origin, everybodys } = await open(t);
  const api = everybodys.filter(({ url }) => url.startsWith('/api/v1/'));
  const paths = [...new Set(api.map(({ url }) => url))];
  assert.ok(paths.length > 50, `${paths.length} paths`);
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const shapeOf = (url: string) => new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
  for (const url of paths) {
    const path = url.replaceAll(/:\w+/g, 'x');
    const known = new Set(api.flatMap((each) => (shapeOf(each.url).test(path) ? [each.method] : [])));
    const answer = await fetch(origin + path, {
      method: METHODS.find((method) => !known.has(method)) ?? assert.fail(),
    });
    assert.equal(answer.status, 405, path);
    assert.deepEqual(answer.headers.get('allow')?.split(', '), [...known].toSorted(), path);
    await answer.body?.cancel();
  }
  const wrong = await fetch(`${origin}/api/v1/users`, { method: 'DELETE', headers: { accept: 'text/html' } });
  assert.match(
    JSON.stringify(await wrong.json()),
    /"code":"usage","message":"\/api\/v1\/users takes GET, HEAD, POST, and no DELETE/,
  );
  assert.equal((await fetch(`${origin}/api/v1/nothing`, { method: 'DELETE' })).status, 404);
});
