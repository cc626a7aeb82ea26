// Every route whose method has a body must say who may send one, and how long it may be. A route that does not keeps the broker from starting, so
// that none is forgotten.
import type { FastifyInstance, RouteOptions } from 'fastify';

/** `caller`: the route authenticates by the headers, before it reads the body. `anyone`: it reads bodies of strangers, which must be short. */
export type BodySender = 'caller' | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyFrom?: BodySender;
  }
}

/** The longest body that a stranger may send. */
export const STRANGERS_BODY_BYTES = 64 * 1024;
const BODILESS = new Set(['GET', 'HEAD']);

/** Says who may send bodies, and how long ones, for all routes that are added to `scope` from now on. */
export function takesBodies(scope: FastifyInstance, bodyFrom: BodySender, limitBytes: number): void {
  scope.addHook('onRoute', (route) => {
    route.bodyLimit = limitBytes;
    route.config = { ...route.config, bodyFrom };
  });
}

/** Checks all routes once they are added; to be called before the first. `app.ready()` rejects where a route does not say it. */
export function checkBodies(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  app.addHook('onReady', (done) => {
    const wrong = routes.filter(isOpen).map(({ method, url }) => `${[method].flat().join(', ')} ${url}`);
    done(wrong.length === 0 ? undefined : new Error(`routes that take bodies of anyone: ${wrong.join('; ')}`));
  });
}

function isOpen({ method, config, bodyLimit }: RouteOptions): boolean {
  if ([method].flat().every((each) => BODILESS.has(each))) return false;
  if (config?.bodyFrom === undefined || bodyLimit === undefined) return true;
  return config.bodyFrom === 'anyone' && bodyLimit > STRANGERS_BODY_BYTES;
}
