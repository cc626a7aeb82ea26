// Serves the administration's operations under `/api/v1`: with full rights on the socket, by API tokens over TCP.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Caller, Operation } from '../admin/operation.ts';
import { openApiDocument } from './openapi.ts';

/** Says who asks, or throws `not_logged_in` or `forbidden`. */
export type ResolveCaller = (request: FastifyRequest, operation: Operation) => Promise<Caller>;

export function registerApi(
  app: FastifyInstance,
  operations: readonly Operation[],
  resolveCaller: ResolveCaller,
): void {
  const document = openApiDocument(operations.map((operation) => operation.endpoint));
  app.get('/api/v1/openapi.json', () => document);
  for (const operation of operations) {
    const { endpoint } = operation;
    app.route({
      method: endpoint.method,
      url: `/api/v1${endpoint.path}`,
      handler: async (request, reply) => {
        const caller = await resolveCaller(request, operation);
        const gone = new AbortController();
        const input = { params: request.params, query: request.query, body: request.body };
        const answer = operation.run(input, caller, gone.signal);
        void reply.header('cache-control', 'no-store');
        if (!(Symbol.asyncIterator in answer)) return await answer;
        request.raw.socket.once('close', () => gone.abort());
        reply.raw.once('close', () => gone.abort());
        void reply.type('application/x-ndjson');
        return reply.send(Readable.from(ndjson(answer)));
      },
    });
  }
}

async function* ndjson(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** Whoever may open the socket is the operator of the host; the header only says which one. */
export function socketCaller(workspaceId: string): ResolveCaller {
  return async (request) => {
    const header = request.headers['x-mcpgate-actor'];
    const name = typeof header === 'string' && /^host:[\w.@\\-]{1,64}$/.test(header) ? header : 'host:unknown';
    return await Promise.resolve({ actor: { name, address: null }, workspaceId });
  };
}

/** Throws `forbidden` unless `role` may do `operation`. */
export function assertRole(role: string | undefined, operation: Operation): void {
  if (role === 'admin' || operation.endpoint.access === 'member') return;
  throw new GateError('forbidden', 'this needs an administrator; ask one, or use a token of one');
}
