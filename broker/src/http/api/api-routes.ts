// Serves the administration's operations under `/api/v1`, on the socket and over TCP. `callers.ts` says who asks.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { Page, type Caller, type Operation } from '../../admin/operation.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Identity } from '../../identity/identity.ts';
import { isRevoked, type Live } from '../../domain/people/revocation.ts';
import { errorBody } from '../error-status.ts';
import type { ResolveCaller } from './callers.ts';
import { openApiDocument } from './openapi.ts';
import { WithHeaders } from './with-headers.ts';

/** The methods of a path of the API, as the `Allow` header has them (RFC 9110, section 10.2.1); undefined: there is no such path. */
export type AllowOf = (path: string) => string | undefined;

const BODY_LIMIT_BYTES = 1024 * 1024;

export function registerApi(
  app: FastifyInstance,
  operations: readonly Operation[],
  resolveCaller: ResolveCaller,
  { identity, audit }: { identity?: Pick<Identity, 'onRevoked'>; audit?: Pick<Audit, 'askedWith'> } = {},
): AllowOf {
  let revocations = 0;
  const streams = new Set<{ owner: Live | undefined; end: () => void }>();
  const live = (): Live[] => [...streams].flatMap(({ owner }) => owner ?? []);
  identity?.onRevoked(async (revocation) => {
    revocations += 1;
    let linksClosed = 0;
    for (const { owner, end } of streams) {
      if (owner === undefined || !isRevoked(revocation, owner)) continue;
      end();
      linksClosed += 1;
    }
    return await Promise.resolve({ linksClosed, callsCancelled: 0 });
  }, live);
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
      onRequest: async (request) => void (await resolveCaller(request, operation)),
      handler: async (request, reply) => {
        let caller: Caller;
        let seen: number;
        do {
          seen = revocations; // a revocation that comes before the stream is in `streams` would not end it: then the caller is checked again
          caller = await resolveCaller(request, operation);
        } while (seen !== revocations);
        const gone = new AbortController();
        const { params, query, body, headers } = request;
        const input = { params, query, body, ifMatch: headers['if-match'] };
        const run = () => operation.run(input, caller, gone.signal);
        const by = { actor: caller.actor.name, credential: caller.credential };
        const answer = audit === undefined ? run() : audit.askedWith(by, run);
        void reply.header('cache-control', 'no-store');
        if (!(Symbol.asyncIterator in answer)) {
          const document = await answer;
          if (document instanceof WithHeaders) {
            void reply.headers(document.headers);
            return document.body;
          }
          if (document instanceof Page) {
            if (document.next !== undefined) void reply.headers(nextPage(request.url, document.next));
            return document.items;
          }
          if (endpoint.etag !== undefined) void reply.header('etag', endpoint.etag(endpoint.answer.parse(document)));
          return document;
        }
        request.raw.socket.once('close', () => gone.abort());
        reply.raw.once('close', () => gone.abort());
        const stream = { owner: liveOf(caller), end: () => gone.abort() };
        streams.add(stream);
        gone.signal.addEventListener('abort', () => streams.delete(stream));
        void reply.type(endpoint.media ?? 'application/x-ndjson');
        const sent = reply.send(Readable.from(endpoint.media === undefined ? ndjson(answer) : answer));
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
  return reply.code(405).header('allow', allow).type('application/json').send(errorBody(error, id));
}

/** Whose credential a stream was opened with; undefined on the socket, where nothing can be revoked. */
function liveOf({ principal, homeWorkspaceId: workspaceId, credential: { kind, id } }: Caller): Live | undefined {
  return kind === 'socket' ? undefined : (principal ?? { workspaceId, credential: { kind, id } });
}

/** RFC 8288 for programs that follow links, and the cursor alone for those that do not. */
function nextPage(asked: string, cursor: string): Record<string, string> {
  const url = new URL(asked, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  return { link: `<${url.pathname}${url.search}>; rel="next"`, 'x-next-cursor': cursor };
}

async function* ndjson(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
