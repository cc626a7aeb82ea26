// Makes the Fastify instance of both servers (TCP and the administration's socket), with what they share: limits, request ids, logging, and the form
// of errors.
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { GateError, toGateError, type ErrorCode } from 'mcpgate-shared/error';
import { mustBeLogged } from '../domain/public-message.ts';
import { checkBodies, STRANGERS_BODY_BYTES } from './doors/body-doors.ts';
import { isCanonicalPath, pathOf, withoutMcpSlash } from './doors/canonical-path.ts';
import { errorBody, HTTP_STATUS } from './error-status.ts';
import { readJsonBodies } from './json-bodies.ts';
import type { Listener } from './listener.ts';
import { isOfApi, PROBLEM, problemBody } from './problem.ts';
import { bearerChallenge } from './rejection.ts';

export interface FastifyAppOptions {
  listener: Pick<Listener, 'server' | 'attach'>;
  log: FastifyBaseLogger;
  /** Proxies whose `X-Forwarded-*` headers are believed. */
  trustedProxies: readonly string[];
}

export function createFastifyApp({ listener, log, trustedProxies }: FastifyAppOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // For paths without a route; each route sets its own.
    bodyLimit: STRANGERS_BODY_BYTES,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    routerOptions: { maxParamLength: 200 },
    rewriteUrl: (request) => withoutMcpSlash(request.url ?? '/'),
    genReqId: () => randomUUID(),
    return503OnClosing: false,
    serverFactory: (handler) => {
      listener.attach(handler);
      return listener.server;
    },
  });
  checkBodies(app);
  readJsonBodies(app);
  // The first hook, so that nothing else looks at the path before. Never `await` a reply in a hook: it is a thenable that waits for its own end.
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    const path = pathOf(request.url);
    if (isCanonicalPath(path)) return done();
    const shown = JSON.stringify(path.slice(0, 100));
    done(new GateError('not_found', `there is no ${shown} here; paths have one spelling, without a slash at the end`));
  });
  // A client may ask before it sends a body (RFC 9110, section 10.1.1). It is told to go on only here, after it was authenticated, and where the body
  // is not too long.
  app.addHook('preParsing', (request, reply, _body, done) => {
    const { bodyLimit } = request.routeOptions;
    const isShort = Number(request.headers['content-length'] ?? 0) <= bodyLimit;
    const asks = request.raw.httpVersion !== '1.0' && /\b100-continue\b/i.test(request.headers.expect ?? '');
    if (isShort && asks) reply.raw.writeContinue();
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    request.log.debug({ req: request, res: reply, ms: Math.round(reply.elapsedTime) }, 'request');
    done();
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = toHttpError(thrown);
    if (mustBeLogged(error)) request.log.error({ req: request, err: thrown }, 'a request failed');
    const { retryAfterMs } = error;
    if (retryAfterMs !== undefined) void reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)));
    if (error.code === 'not_logged_in' && !reply.hasHeader('www-authenticate'))
      void reply.header('www-authenticate', bearerChallenge(request.headers.authorization));
    void reply.code(HTTP_STATUS[error.code]);
    if (isOfApi(request.url)) return reply.type(PROBLEM).send(problemBody(error, request.id));
    return reply.type('application/json').send(errorBody(error, request.id));
  });
  return app;
}

/** Fastify refuses both alike: such members would change objects of this process. */
const NO_JSON =
  'the body is not valid JSON; and no member of it may be called __proto__, or prototype within a constructor, at any depth';

/** Turns Fastify's own errors (body too large, no JSON, wrong type) into errors of the broker. */
export function toHttpError(thrown: unknown): GateError {
  if (thrown instanceof GateError) return thrown;
  const status =
    thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'
      ? thrown.statusCode
      : 500;
  if (status >= 500 || !(thrown instanceof Error)) return toGateError(thrown);
  if ('code' in thrown && thrown.code === 'FST_ERR_CTP_INVALID_JSON_BODY') return new GateError('usage', NO_JSON);
  const codes: Record<number, ErrorCode> = {
    401: 'not_logged_in',
    403: 'forbidden',
    404: 'not_found',
    413: 'too_large',
    429: 'throttled',
  };
  return new GateError(codes[status] ?? 'usage', thrown.message);
}
