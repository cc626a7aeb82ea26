// Requests of modern HTTP clients (MCP from 2026-07-28 on). Each stands by itself, without a session. It is answered with one JSON object or, where
// something has to be sent before the answer, with a stream of events. A client that closes the stream cancels the request; streams are not resumed.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { ServerResponse } from 'node:http';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../../domain/people/principal.ts';
import type { ClientNotification, ClientRequest } from '../../gateway/edges/envelope.ts';
import type { GatewayService, GatewaySession, ToolMode } from '../../gateway/gateway.ts';
import type { ParamHeaders } from '../../gateway/gateway.ts';
import type { Identity } from '../../identity/identity.ts';
import { partsOf, type Pieces } from '../../message/pieces.ts';
import { replyMessage } from '../../gateway/edges/edge-messages.ts';
import { errorReply } from '../../gateway/reply.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { isRevoked } from '../../domain/people/revocation.ts';

export interface ModernExchanges {
  /** Answers a request; `response` is called once to take the HTTP response over. Throws `throttled` where the login has too many requests open. */
  request(options: {
    principal: Principal;
    address: string;
    server: string | undefined;
    tools: ToolMode | undefined;
    request: ClientRequest;
    text: string;
    pieces: Pieces | undefined;
    paramHeaders: ParamHeaders;
    response: () => ServerResponse;
  }): void;
  /** Takes a notification; none that a modern client may send is meant for a server. */
  notify(options: {
    principal: Principal;
    address: string;
    server: string | undefined;
    envelope: ClientNotification;
    text: string;
  }): void;
  close(reason: string): Promise<void>;
}

/** An answer that takes longer than this is begun as a stream, so that proxies do not close the connection. */
const STREAM_AFTER_MS = 5_000;
const MAX_PER_LOGIN = 1_024;
/** The HTTP status of errors that have one of their own; every other answer has 200. */
const STATUS: ReadonlyMap<number | undefined, number> = new Map([
  [RPC_CODE.methodNotFound, 404],
  [RPC_CODE.headerMismatch, 400],
  [RPC_CODE.missingClientCapability, 400],
  [RPC_CODE.unsupportedProtocolVersion, 400],
]);

interface Exchange {
  principal: Principal;
  session: GatewaySession;
  /** Ends it where its session answers no more. */
  end(status: 401 | 503, why: string): void;
}

export function createModernExchanges(options: {
  gateway: Pick<GatewayService, 'open' | 'stateless' | 'endStateless'>;
  identity: Pick<Identity, 'onRevoked'>;
  clock: Clock;
  onError: (error: unknown) => void;
}): ModernExchanges {
  const { gateway, clock } = options;
  const exchanges = new Set<Exchange>();

  const live = () => [...[...exchanges].map(({ principal }) => principal), ...gateway.stateless()];
  const endRevoked = options.identity.onRevoked(async (revocation) => {
    const isMeant = (principal: Principal) => isRevoked(revocation, principal);
    const meant = [...exchanges].filter(({ principal }) => isMeant(principal));
    const calls = meant.reduce((sum, { session }) => sum + session.pending, 0);
    await Promise.all(meant.map(({ session }) => session.close(revocation.reason)));
    for (const exchange of meant) exchange.end(401, 'access has ended');
    await gateway.endStateless(isMeant, revocation.reason);
    return { linksClosed: meant.length, callsCancelled: calls };
  }, live);

  return {
    request({ principal, address, server, tools, request, text, pieces, paramHeaders, response: take }) {
      const same = [...exchanges].filter((each) => each.principal.credential.id === principal.credential.id).length;
      if (same >= MAX_PER_LOGIN)
        throw new GateError('throttled', `this login has ${same} requests open; wait for some to end`);
      const response = take();
      let events: EventStream | undefined;
      let isOver = false;

      const over = (reason: string): void => {
        if (isOver) return;
        isOver = true;
        cancelDelay();
        exchanges.delete(exchange);
        session.close(reason).catch(options.onError);
      };
      const stream = (): EventStream => {
        cancelDelay();
        return (events ??= openEventStream(response, {}, () => over('the client has closed the request')));
      };
      const session = gateway.open({
        principal,
        stateless: { paramHeaders },
        ...(server === undefined ? {} : { server }),
        ...(tools === undefined ? {} : { tools }),
        address: () => address,
        send(message, large, { answers, errorCode }) {
          const parts = partsOf(message, large);
          if (answers === undefined) return stream().send({ id: '', parts });
          cancelDelay();
          if (events === undefined) answerAtOnce(response, STATUS.get(errorCode) ?? 200, parts);
          else events.send({ id: '', parts });
          events?.end();
          over('answered');
        },
      });
      const exchange: Exchange = {
        ...{ principal, session },
        end(status, why) {
          if (isOver) return;
          const parts = [
            Buffer.from(replyMessage(request.idText, errorReply(RPC_CODE.serverError, `[mcpgate] ${why}`))),
          ];
          if (events === undefined) answerAtOnce(response, status, parts);
          else events.send({ id: '', parts });
          events?.end();
          over(why);
        },
      };
      const cancelDelay = clock.after(STREAM_AFTER_MS, stream);
      exchanges.add(exchange);
      response.once('close', () => over('the client has closed the request'));
      session.receive(text, pieces, request);
    },
    notify({ principal, address, server, envelope, text }) {
      const session = gateway.open({
        principal,
        stateless: { paramHeaders: new Map() },
        ...(server === undefined ? {} : { server }),
        address: () => address,
        send: () => undefined,
      });
      session.receive(text, undefined, envelope);
      session.close('heard').catch(options.onError);
    },
    async close(reason) {
      endRevoked();
      const all = [...exchanges];
      await Promise.all(all.map(({ session }) => session.close(reason)));
      for (const exchange of all) exchange.end(503, 'the broker restarts; send the request again');
    },
  };
}

function answerAtOnce(response: ServerResponse, status: number, parts: readonly Buffer[]): void {
  if (response.destroyed) return;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': length,
    'cache-control': 'no-store',
  });
  for (const part of parts) response.write(part);
  response.end();
}
