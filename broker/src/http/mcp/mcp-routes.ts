// `/mcp` (all servers, prefixed) and `/mcp/NAME-or-UUID` (one server, its own names): Streamable HTTP for clients that have only a URL and
// a bearer token. Every request is authenticated anew.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { ownerOf } from '../../domain/people/owner-of.ts';
import { replyMessage } from '../../gateway/edges/edge-messages.ts';
import { errorReply } from '../../gateway/reply.ts';
import { isAnswered, readBatch, type BatchItem } from '../../gateway/edges/batch.ts';
import { readEnvelope, type Envelope } from '../../gateway/edges/envelope.ts';
import type { GatewayService, ToolMode } from '../../gateway/gateway.ts';
import { isModern, readModernMeta } from '../../gateway/edges/modern/modern-meta.ts';
import type { Identity } from '../../identity/identity.ts';
import { createTurns } from '../../message/turns.ts';
import { takesBodies } from '../doors/body-doors.ts';
import type { ForwardedDoor } from '../doors/forwarded-door.ts';
import type { RefusedRequests } from '../doors/refused-requests.ts';
import { createBodyMemory, type BodyShare } from './body-memory.ts';
import { createMcpDoor, serverOf } from './mcp-door.ts';
import { checkGet, checkOrigin, checkPost, checkVersion, saysModernVersion, traceOf } from './mcp-headers.ts';
import type { HttpSession } from './mcp-session.ts';
import type { HttpSessions } from './mcp-sessions.ts';
import type { ModernExchanges } from './modern-exchanges.ts';
import { readMessage, tooLarge, type ReadMessage } from './read-message.ts';
import { headerMismatch, paramHeadersOf } from './modern-headers.ts';

export interface McpRoutesOptions {
  identity: Pick<Identity, 'authenticate' | 'onRevoked'>;
  audit: Pick<Audit, 'refused' | 'told'>;
  refused: Pick<RefusedRequests, 'by'>;
  gateway: Pick<GatewayService, 'viewNamed'>;
  sessions: HttpSessions;
  exchanges: ModernExchanges;
  /** For people whom a reverse proxy has signed in; a bearer token goes before its word. */
  forwarded: ForwardedDoor | undefined;
  /** Tells the listener that an authenticated client uses this connection. */
  known: (socket: Socket) => void;
  publicUrl: string;
  /** Origins of web pages that may speak to `/mcp` besides the broker's own. */
  allowedOrigins: readonly string[];
  maxMessageBytes: number;
  /** Whether the broker drains, and opens no new sessions. */
  draining: () => boolean;
}

export function registerMcp(app: FastifyInstance, options: McpRoutesOptions): void {
  const { sessions, exchanges, publicUrl, maxMessageBytes } = options;
  const door = createMcpDoor(options);
  const turns = createTurns();
  const memory = createBodyMemory({ ownerBytes: 2 * maxMessageBytes, totalBytes: 4 * maxMessageBytes });
  const shares = new WeakMap<FastifyRequest, BodyShare>();
  const origins = new Set([publicUrl, ...options.allowedOrigins]);

  /** From here on the gateway answers, and records what it refuses. */
  function hijack(reply: FastifyReply): ServerResponse {
    options.audit.told.add(reply.request.raw);
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    return reply.raw;
  }

  const answerError = (
    reply: FastifyReply,
    status: number,
    code: number,
    message: string,
    id: string | null = null,
    data?: object,
  ) =>
    reply
      .code(status)
      .type('application/json')
      .send(replyMessage(id ?? 'null', errorReply(code, message, data)));

  /** Answers a POST of a modern client: there is no session, and the headers must say the same as the body. */
  function modernPost(
    http: Pick<FastifyRequest, 'headers'>,
    reply: FastifyReply,
    {
      envelope,
      ...rest
    }: Omit<Parameters<ModernExchanges['request']>[0], 'request' | 'response' | 'paramHeaders'> & {
      envelope: Envelope;
    },
  ): FastifyReply {
    // Over HTTP a modern client cancels by closing the request's stream, so no notification of it has an effect.
    if (envelope.kind === 'notification') {
      exchanges.notify({ ...rest, envelope });
      return reply.code(202).send();
    }
    if (envelope.kind !== 'request') return reply.code(400).send();
    const mismatch = headerMismatch(http.headers, envelope);
    if (mismatch !== undefined) return answerError(reply, 400, RPC_CODE.headerMismatch, mismatch, envelope.idText);
    const meta = readModernMeta(envelope);
    if ('code' in meta) return answerError(reply, 400, meta.code, meta.message, envelope.idText, meta.data);
    exchanges.request({
      ...rest,
      request: envelope,
      paramHeaders: paramHeadersOf(http.headers),
      response: () => hijack(reply),
    });
    return reply;
  }

  function takeBatch(session: HttpSession, items: readonly BatchItem[], reply: FastifyReply): FastifyReply {
    if (items.some(({ envelope }) => isAnswered(envelope))) {
      session.batch(items, hijack(reply));
      return reply;
    }
    for (const { envelope, text } of items) session.notify(envelope, text, undefined);
    return reply.code(202).send();
  }

  const notAllowed = (reply: FastifyReply) =>
    answerError(reply.header('allow', 'POST'), 405, RPC_CODE.serverError, 'this version of MCP has POST only');

  const noMethod = (reply: FastifyReply) =>
    answerError(
      reply.header('allow', 'GET, POST, DELETE'),
      405,
      RPC_CODE.serverError,
      'MCP over HTTP has GET, POST and DELETE',
    );

  const noSession = (reply: FastifyReply) =>
    answerError(reply, 400, RPC_CODE.serverError, '[mcpgate] the Mcp-Session-Id header is missing; initialize first');

  const unknownSession = (reply: FastifyReply) =>
    answerError(reply, 404, RPC_CODE.unknownSession, '[mcpgate] this session is not known any more; initialize again');

  /** Why there is nothing at the address for this caller; undefined: there is. */
  async function nothingAt(principal: Principal, name: string | undefined): Promise<string | undefined> {
    if (name === undefined) return undefined;
    const view = await options.gateway.viewNamed(principal, name);
    if (view.kind === 'there') return undefined;
    const meant = view.near === undefined ? '' : `; did you mean ${publicUrl}/mcp/${view.near}?`;
    return `[mcpgate] there is no server or bundle ${JSON.stringify(name.slice(0, 100))} that you may use${meant}`;
  }

  app.register((scope, _options, done) => {
    takesBodies(scope, 'caller', maxMessageBytes);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', async (request: FastifyRequest, body: Readable): Promise<ReadMessage> => {
      const share = shares.get(request);
      if (share === undefined) throw new GateError('internal', 'a body came past the door');
      return await readMessage(body, { share, turns, maxBytes: maxMessageBytes });
    });
    scope.addHook('onRequest', async (request, reply) => {
      checkOrigin(request, reply, origins);
      // A preflight of a browser comes without a token, and its body is not read.
      if (request.method === 'OPTIONS') return void reply.code(204).send();
      const principal = await door.admit(request, reply);
      options.known(request.raw.socket);
      const { user, credential, workspaceId } = principal;
      options.refused.by(request.raw, { name: user?.name ?? `grant:${credential.label}`, workspaceId });
      if (Number(request.headers['content-length'] ?? 0) > maxMessageBytes) throw tooLarge(maxMessageBytes);
      const share = memory.open(ownerOf(principal));
      shares.set(request, share);
      reply.raw.once('close', () => share.free());
    });
    // Wrong headers are refused before the body is read.
    scope.addHook('preParsing', (request, reply, _body, done) => {
      const refusal = request.method === 'POST' ? checkPost(request) : undefined;
      if (refusal === undefined) return done();
      void answerError(reply, refusal.status, RPC_CODE.serverError, refusal.message);
    });

    for (const url of ['/mcp', '/mcp/:server']) {
      scope.route({ method: ['PUT', 'PATCH'], url, handler: (_request, reply) => noMethod(reply) });
      scope.options(url, (_request, reply) => reply.code(204).send());

      scope.post<{ Body?: ReadMessage; Querystring: { tools?: string } }>(url, async (request, reply) => {
        const principal = await door.principalOf(request, reply);
        const { text, pieces } = request.body ?? NO_MESSAGE;
        const envelope = withTrace(readEnvelope(text), request);
        const server = serverOf(request);
        const sessionId = request.headers['mcp-session-id'];
        const own = typeof sessionId === 'string' ? sessions.find(sessionId, principal, server) : undefined;
        if (own !== undefined) own.address = request.ip;
        const items = own?.takesBatches === true ? readBatch(text, pieces) : undefined;
        if (own !== undefined && items !== undefined) return takeBatch(own, items, reply);
        if (envelope.kind === 'invalid')
          return answerError(reply, 400, envelope.code, envelope.message, envelope.idText);
        const mode = toolModeOf(request.query.tools);
        const isModernBody = envelope.kind === 'request' && isModern(envelope);
        const unknown = isModernBody ? undefined : checkVersion(request);
        if (unknown !== undefined)
          return answerError(reply, unknown.status, RPC_CODE.serverError, unknown.message, idTextOf(envelope));
        if (envelope.kind === 'request' && (isModernBody || envelope.method === 'initialize')) {
          const nothing = await nothingAt(principal, server);
          if (nothing !== undefined) return answerError(reply, 404, RPC_CODE.invalidParams, nothing, envelope.idText);
        }
        if (saysModernVersion(request) || isModernBody) {
          return modernPost(request, reply, {
            ...{ principal, address: request.ip, server, tools: mode },
            ...{ envelope, text, pieces },
          });
        }
        if (envelope.kind === 'request' && envelope.method === 'initialize') {
          if (options.draining()) throw new GateError('unavailable', 'this broker is draining; try again in a moment');
          sessions.open(principal, request.ip, server, mode).request(envelope, text, pieces, hijack(reply));
          return reply;
        }
        if (typeof sessionId !== 'string') return noSession(reply);
        if (own === undefined) return unknownSession(reply);
        if (envelope.kind === 'request') {
          own.request(envelope, text, pieces, hijack(reply));
          return reply;
        }
        own.notify(envelope, text, pieces);
        return reply.code(202).send();
      });

      scope.get(url, async (request, reply) => {
        const principal = await door.principalOf(request, reply);
        const refusal = checkVersion(request) ?? checkGet(request);
        if (saysModernVersion(request) && refusal?.status !== 400) return notAllowed(reply);
        if (refusal !== undefined) return answerError(reply, refusal.status, RPC_CODE.serverError, refusal.message);
        const sessionId = request.headers['mcp-session-id'];
        if (typeof sessionId !== 'string') return noSession(reply);
        const session = sessions.find(sessionId, principal, serverOf(request));
        if (session === undefined) return unknownSession(reply);
        const lastEventId = request.headers['last-event-id'];
        const resumed = session.listen(hijack(reply), typeof lastEventId === 'string' ? lastEventId : undefined);
        if (!resumed) {
          reply.raw.writeHead(404, { 'content-type': 'application/json' });
          reply.raw.end(
            replyMessage('null', errorReply(RPC_CODE.serverError, '[mcpgate] the event is not kept any more')),
          );
        }
        return reply;
      });

      scope.delete(url, async (request, reply) => {
        const principal = await door.principalOf(request, reply);
        if (saysModernVersion(request)) return notAllowed(reply);
        const sessionId = request.headers['mcp-session-id'];
        if (typeof sessionId !== 'string') return noSession(reply);
        const session = sessions.find(sessionId, principal, serverOf(request));
        if (session === undefined) return unknownSession(reply);
        await sessions.end(session, 'the client has ended it');
        return reply.code(204).send();
      });
    }
    done();
  });
}

const NO_MESSAGE: ReadMessage = { text: '' };

const withTrace = (envelope: Envelope, request: FastifyRequest): Envelope =>
  envelope.kind === 'request' ? { ...envelope, trace: traceOf(request) } : envelope;

const idTextOf = (envelope: Envelope) => (envelope.kind === 'request' ? envelope.idText : null);

const toolModeOf = (tools: string | undefined): ToolMode | undefined =>
  tools === 'all' || tools === 'search' ? tools : undefined;
