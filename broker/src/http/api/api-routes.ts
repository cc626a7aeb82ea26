// Serves the administration's operations under `/api/v1`, on the socket and over TCP. `callers.ts` says who asks.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { Page, type Caller, type Operation } from '../../admin/operation.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Identity } from '../../identity/identity.ts';
import { mustBeLogged } from '../../domain/public-message.ts';
import { errorBody, type ErrorBody } from '../error-status.ts';
import { toHttpError } from '../fastify-app.ts';
import { PROBLEM, problemBody } from '../problem.ts';
import type { ResolveCaller } from './callers.ts';
import { isRepeatable, Once, type Idempotency } from './idempotency.ts';
import { createOpenStreams } from './open-streams.ts';
import { openApiDocument } from './openapi.ts';
import { createPreconditions, namesTag, tagOf } from './preconditions.ts';
import type { RateLimits } from './rate-limits.ts';
import { readConditions } from './request-headers.ts';
import { beginStream } from './stream-answer.ts';
import { WithHeaders } from './with-headers.ts';

/** The methods of a path of the API, as the `Allow` header has them (RFC 9110, section 10.2.1); undefined: there is no such path. */
export type AllowOf = (path: string) => string | undefined;

const BODY_LIMIT_BYTES = 1024 * 1024;
const EVENT_STREAM = 'text/event-stream';
/** Proxies hold back, join and compress what does not say this. */
const LIVE = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } as const;

export interface ApiParts {
  clock: Clock;
  idempotency: Idempotency;
  /** What makes edits go one after the other. */
  edits: Pick<Parameters<typeof createPreconditions>[0], 'locks' | 'holder'>;
  /** Left out on the socket: nobody there is revoked, named by a credential, or held to a rate. */
  identity?: Pick<Identity, 'onRevoked' | 'onChanged'>;
  audit?: Pick<Audit, 'askedWith'>;
  rates?: RateLimits;
}

export function registerApi(
  app: FastifyInstance,
  operations: readonly Operation[],
  resolveCaller: ResolveCaller,
  { clock, identity, audit, rates, idempotency, edits }: ApiParts,
): AllowOf {
  const streams = createOpenStreams({ identity, clock });
  const preconditions = createPreconditions({ operations, clock, ...edits });
  // Written when it is first asked for, because writing it takes a sixth of the time in which a broker starts.
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get('/api/v1/openapi.json', () => (document ??= openApiDocument(operations.map(({ endpoint }) => endpoint))));
  for (const operation of operations) {
    const { endpoint } = operation;
    app.route({
      method: endpoint.method,
      url: `/api/v1${endpoint.path}`,
      bodyLimit: BODY_LIMIT_BYTES,
      config: { bodyFrom: 'caller' },
      // So that no body of a stranger is read. The handler asks again, because the caller may have changed until all of the body is there.
      onRequest: async (request, reply) => {
        const caller = await resolveCaller(request, operation);
        rates?.take(caller, endpoint, (headers) => void reply.headers(headers));
      },
      handler: async (request, reply) => {
        let caller: Caller;
        let seen: number;
        do {
          seen = streams.seen;
          caller = await resolveCaller(request, operation);
        } while (seen !== streams.seen);
        const gone = new AbortController();
        const { params, query, body, headers } = request;
        const { ifMatch, ifNoneMatch, lastEventId } = readConditions(endpoint, headers);
        const input = { params, query, body, ifMatch, lastEventId };
        const by = { actor: caller.actor.name, credential: caller.credential };
        const asked = <T>(work: () => T): T => (audit === undefined ? work() : audit.askedWith(by, work));
        const run = () => asked(() => operation.run(input, caller, gone.signal));
        void reply.header('cache-control', 'no-store');
        const answer = isRepeatable(endpoint)
          ? idempotency.run(request, caller, async () =>
              preconditions.edit(endpoint, input, caller, async () => await run()),
            )
          : run();
        if (!(Symbol.asyncIterator in answer)) {
          const done = await answer;
          if (done instanceof Once) {
            if (done.isReplayed) void reply.header('idempotency-replayed', 'true');
            const { answer: document, tag = tagOf(endpoint, document) } = done.answer;
            if (tag !== undefined) void reply.header('etag', tag);
            return document;
          }
          if (done instanceof WithHeaders) {
            void reply.headers(done.headers);
            return done.body;
          }
          if (done instanceof Page) {
            if (done.next !== undefined) void reply.headers(nextPage(request.url, done.next));
            return done.items;
          }
          const tag = tagOf(endpoint, done);
          if (tag === undefined) return done;
          void reply.header('etag', tag);
          return ifNoneMatch !== undefined && namesTag(ifNoneMatch, tag) ? reply.code(304).send() : done;
        }
        request.raw.socket.once('close', () => gone.abort());
        reply.raw.once('close', () => gone.abort());
        streams.add(caller, reply, gone);
        const parts = eachWithin(asked, answer)[Symbol.asyncIterator]();
        const isLines = endpoint.media === undefined;
        const stream = await beginStream(parts, {
          textOf: isLines ? lineOf : (part) => part,
          lastOf(thrown) {
            // Of a file, too, the log of the broker says what broke it off.
            const body = whatFailed(request, thrown, gone.signal);
            return isLines ? lineOf(body) : undefined;
          },
        });
        if (endpoint.media === EVENT_STREAM) void reply.headers(LIVE);
        void reply.type(endpoint.media ?? 'application/x-ndjson');
        const sent = reply.send(stream);
        // The first line may be long in coming; the headers tell the client at once that the stream has begun.
        reply.raw.flushHeaders();
        return sent;
      },
    });
  }
  return methodsByPath([
    { method: 'GET', path: '/openapi.json' },
    ...operations.map(({ endpoint: { method, path } }) => ({ method, path })),
  ]);
}

function methodsByPath(endpoints: readonly { method: string; path: string }[]): AllowOf {
  const patterns = endpoints.map(({ method, path }) => ({
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    pattern: new RegExp(`^/api/v1${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  }));
  return (asked) => {
    const methods = patterns.flatMap(({ methods: each, pattern }) => (pattern.test(asked) ? each : []));
    return methods.length === 0 ? undefined : [...new Set(methods)].toSorted().join(', ');
  };
}

/** What the two handlers of unknown routes say of a path of the API that has other methods. */
export function refuseMethod(request: FastifyRequest, reply: FastifyReply, allow: string): FastifyReply {
  const { method, url, id } = request;
  const path = url.split('?', 1)[0];
  const error = new GateError('usage', `${path} takes ${allow}, and no ${method}`);
  return reply
    .code(405)
    .header('allow', allow)
    .type(PROBLEM)
    .send(problemBody(error, id, 405));
}

/** RFC 8288 for programs that follow links, and the cursor alone for those that do not. */
function nextPage(asked: string, cursor: string): Record<string, string> {
  const url = new URL(asked, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  return { link: `<${url.pathname}${url.search}>; rel="next"`, 'x-next-cursor': cursor };
}

/** A generator works where its next part is asked for, and that is done by the stream of the answer, of which nobody knows who asked. */
function eachWithin<T>(within: <R>(work: () => R) => R, parts: AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const each = within(() => parts[Symbol.asyncIterator]());
      return {
        next: async () => await within(() => each.next()),
        return: async () => (await within(() => each.return?.())) ?? { done: true, value: undefined },
      };
    },
  };
}

const lineOf = (line: unknown): string => `${JSON.stringify(line)}\n`;

/** The last line of an answer that failed on its way: what a problem would have said, had nothing been sent yet. */
function whatFailed(request: FastifyRequest, thrown: unknown, gone: AbortSignal): ErrorBody {
  const error = toHttpError(thrown);
  if (mustBeLogged(error) && !gone.aborted) request.log.error({ req: request, err: thrown }, 'an answer broke off');
  return errorBody(error, request.id);
}
