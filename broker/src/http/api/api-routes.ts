// Serves the administration's operations under `/api/v1`: with full rights on the socket, by API tokens over TCP.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Caller, Operation } from '../../admin/operation.ts';
import type { Identity } from '../../identity/identity.ts';
import { MAY, type Access } from 'mcpgate-shared/api/roles';
import type { Live } from '../../domain/revocation.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { EnterWorkspace } from './enter-workspace.ts';
import { openApiDocument } from './openapi.ts';

/** Says who asks, or throws `not_logged_in` or `forbidden`. */
export type ResolveCaller = (request: FastifyRequest, operation: Operation) => Promise<Caller>;

const BODY_LIMIT_BYTES = 1024 * 1024;

export function registerApi(
  app: FastifyInstance,
  operations: readonly Operation[],
  resolveCaller: ResolveCaller,
  identity?: Pick<Identity, 'onRevoked'>,
): void {
  let revocations = 0;
  const streams = new Set<{ caller: Caller; end: () => void }>();
  const live = (): Live[] =>
    [...streams].flatMap(({ caller: { principal, homeWorkspaceId: workspaceId, credential } }) => {
      const { kind, id } = credential;
      return kind === 'socket' ? [] : [principal ?? { workspaceId, credential: { kind, id } }];
    });
  identity?.onRevoked(async ({ kind, id }) => {
    revocations += 1;
    let linksClosed = 0;
    for (const { caller, end } of streams) {
      if ((kind === 'user' ? caller.principal?.user?.id : caller.credential.id) !== id) continue;
      end();
      linksClosed += 1;
    }
    return await Promise.resolve({ linksClosed, callsCancelled: 0 });
  }, live);
  // Written when it is first asked for: it would be a sixth of what a broker does before it is ready.
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get('/api/v1/openapi.json', () => (document ??= openApiDocument(operations.map(({ endpoint }) => endpoint))));
  for (const operation of operations) {
    const { endpoint } = operation;
    app.route({
      method: endpoint.method,
      url: `/api/v1${endpoint.path}`,
      bodyLimit: BODY_LIMIT_BYTES,
      config: { bodyFrom: 'caller' },
      // Before the body is read; who it is counts when all of it has come.
      onRequest: async (request) => void (await resolveCaller(request, operation)),
      handler: async (request, reply) => {
        let caller: Caller;
        let seen: number;
        do {
          seen = revocations; // one that falls between the check and a stream would miss the stream: check again
          caller = await resolveCaller(request, operation);
        } while (seen !== revocations);
        const gone = new AbortController();
        const input = { params: request.params, query: request.query, body: request.body };
        const answer = operation.run(input, caller, gone.signal);
        void reply.header('cache-control', 'no-store');
        if (!(Symbol.asyncIterator in answer)) return await answer;
        request.raw.socket.once('close', () => gone.abort());
        reply.raw.once('close', () => gone.abort());
        const stream = { caller, end: () => gone.abort() };
        streams.add(stream);
        gone.signal.addEventListener('abort', () => streams.delete(stream));
        void reply.type('application/x-ndjson');
        const sent = reply.send(Readable.from(ndjson(answer)));
        // The first line may be long in coming: the reader knows by then that it will.
        reply.raw.flushHeaders();
        return sent;
      },
    });
  }
}

async function* ndjson(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** Whoever may open the socket is the operator of the host; the header only says which one. */
export function socketCaller(enterWorkspace: EnterWorkspace): ResolveCaller {
  const home = { workspaceId: DEFAULT_WORKSPACE, homeWorkspaceId: DEFAULT_WORKSPACE };
  return (request) => {
    const header = request.headers['x-mcpgate-actor'];
    const name = typeof header === 'string' && /^host:[\w.@\\-]{1,64}$/.test(header) ? header : 'host:unknown';
    const credential = { kind: 'socket', id: 'admin.sock', label: name } as const;
    return enterWorkspace({ actor: { name, address: null }, ...home, role: 'admin', credential }, request.headers);
  };
}

const NEEDED: Readonly<Record<Access, string>> = {
  admin: 'an administrator',
  operator: 'an operator or an administrator',
  auditor: 'an auditor or an administrator',
  member: 'a person',
  anyone: 'a role of the administration',
};

/** Throws `forbidden` unless the caller may do it. A token is no person: it has no things of its own. */
export function assertMay(
  { role, principal }: Pick<Caller, 'role' | 'principal'>,
  { endpoint: { access } }: Pick<Operation, 'endpoint'>,
): void {
  const isNobody = access === 'member' && principal === undefined && role !== 'admin';
  if (MAY[role].has(access) && !isNobody) return;
  throw new GateError('forbidden', `this needs ${NEEDED[access]}, and you are here as ${role}`);
}
