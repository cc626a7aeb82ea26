// Every route that may be sent a body says who may send one, and how long it may be: a route that does not is a broker that does not start.
import type { FastifyInstance, RouteOptions } from 'fastify';

/** `caller`: who it is is known from the headers, before the body is read. `anyone`: nobody is known by then, so the body is short. */
export type BodySender = 'caller' | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyFrom?: BodySender;
  }
}

/** What is read of somebody who may be a stranger. */
export const STRANGERS_BODY_BYTES = 64 * 1024;
const BODILESS = new Set(['GET', 'HEAD']);

/** Says it for all routes that `scope` is given from now on. */
export function takesBodies(scope: FastifyInstance, bodyFrom: BodySender, limitBytes: number): void {
  scope.addHook('onRoute', (route) => {
    route.bodyLimit = limitBytes;
    route.config = { ...route.config, bodyFrom };
  });
}

/** Before any route: looks at each when all are there. */
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
