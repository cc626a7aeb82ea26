// One HTTP session of a legacy client (MCP up to 2025-11-25) over a gateway session: which answer goes out on which HTTP request, what goes to the
// stream that the client keeps open, and what is kept for a client that lost its connection and resumes.
import type { ServerResponse } from 'node:http';
import { BATCH_VERSION, LATEST_LEGACY_VERSION, legacyVersionFor } from 'mcpgate-shared/mcp/protocol-version';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Clock } from 'mcpgate-shared/clock';
import { ownerOf } from '../../domain/people/owner-of.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { isAnswered, type BatchItem } from '../../gateway/edges/batch.ts';
import { replyMessage } from '../../gateway/edges/edge-messages.ts';
import { type Envelope } from '../../gateway/edges/envelope.ts';
import { idKey } from '../../mcp/json-rpc-guard.ts';
import type { Belongs, Gateway, GatewaySession, ToolMode } from '../../gateway/gateway.ts';
import { errorReply } from '../../gateway/reply.ts';
import { partsOf, type Pieces } from '../../message/pieces.ts';
import { createEventLog } from './event-log.ts';
import type { EventMemory } from './event-memory.ts';
import { openEventStream, type EventStream } from './event-stream.ts';

export interface HttpSession {
  readonly id: string;
  readonly principal: Principal;
  readonly lastUsedAt: number;
  /** How many requests and streams are open now. */
  readonly open: number;
  /** How many calls are under way. */
  readonly pending: number;
  /** Where the request comes from whose messages are given to the session next, in the same turn of the event loop. */
  address: string;
  /** Takes a request; its answer goes out on `response`, as one JSON object or as an event stream. */
  request(
    envelope: Envelope & { kind: 'request' },
    text: string,
    pieces: Pieces | undefined,
    response: ServerResponse,
  ): void;
  /** Takes several messages of one POST (only MCP 2025-03-26 has that); each answer goes out as an event of its own. */
  batch(items: readonly BatchItem[], response: ServerResponse): void;
  readonly takesBatches: boolean;
  /** Takes a message that has no answer: a notification, or the client's answer to a question. */
  notify(envelope: Envelope, text: string, pieces: Pieces | undefined): void;
  /**
   * Opens the stream for messages that belong to no request; or, with `lastEventId`, resumes the stream of that event. False: that event is no longer
   * kept.
   */
  listen(response: ServerResponse, lastEventId: string | undefined): boolean;
  close(reason: string): Promise<void>;
}

/** Streams are numbered; this is the stream for messages that belong to no request. */
const LISTENING = 0;
/** An answer that takes longer than this is begun as a stream, so that proxies do not close the connection, and a client can resume it. */
const STREAM_AFTER_MS = 5_000;
const KEEP_EVENTS_MS = 5 * 60_000;

/** Where the answers to one POST go: one JSON object, or a stream of events, which holds as many answers as the POST held requests. */
interface Outlet {
  /** The number of the stream under which its events are kept. */
  readonly stream: number;
  readonly response: ServerResponse;
  events: EventStream | undefined;
  /** How many answers are still to come. */
  waits: number;
  cancelDelay: () => void;
}

function createOutlet(stream: number, response: ServerResponse, waits: number): Outlet {
  return { stream, response, events: undefined, waits, cancelDelay: () => undefined };
}

/** A request whose answer is still to come. */
interface Exchange {
  /** The id as the client wrote it. */
  idText: string;
  outlet: Outlet;
}

export function openHttpSession(options: {
  id: string;
  principal: Principal;
  address: string;
  server: string | undefined;
  tools: ToolMode | undefined;
  gateway: Gateway;
  clock: Clock;
  memory: EventMemory;
}): HttpSession {
  const { id, principal, clock, server, tools, memory } = options;
  const log = createEventLog(clock, KEEP_EVENTS_MS);
  const owner = ownerOf(principal);
  const endCount = memory.count(owner, log);
  const exchanges = new Map<string, Exchange>();
  /** The open HTTP answer of each stream, by the stream's number. */
  const readers = new Map<number, EventStream>();
  let lastStream = LISTENING;
  let lastUsedAt = clock.now();
  let version: string | undefined;
  let closed = false;

  const session: GatewaySession = options.gateway.open({
    principal,
    ...(server === undefined ? {} : { server }),
    ...(tools === undefined ? {} : { tools }),
    address: () => self.address,
    send: deliver,
  });

  function deliver(text: string, pieces: Pieces | undefined, { answers, about }: Belongs): void {
    const parts = partsOf(text, pieces);
    if (answers !== undefined) return finish(answers, parts);
    const exchange = about === undefined ? newest() : exchanges.get(about);
    // A message about a request goes to that request's stream. A message about no request, or about a task whose request is over, goes to the
    // stream that the client keeps open, or where there is none to that of the newest request.
    if (exchange === undefined || (about === undefined && readers.has(LISTENING))) return emit(LISTENING, parts);
    beginStream(exchange.outlet);
    emit(exchange.outlet.stream, parts);
  }

  function newest(): Exchange | undefined {
    return [...exchanges.values()].at(-1);
  }

  function emit(stream: number, parts: readonly Buffer[]): void {
    const event = log.add(stream, parts);
    memory.added(owner);
    readers.get(stream)?.send(event);
  }

  function beginStream(outlet: Outlet): void {
    outlet.cancelDelay();
    if (outlet.events !== undefined || outlet.response.writableEnded) return;
    outlet.events = read(outlet.stream, outlet.response);
    // Older clients would take an event without data for a broken one.
    if (version === LATEST_LEGACY_VERSION) outlet.events.prime(log.add(outlet.stream, []).id);
  }

  function read(stream: number, response: ServerResponse): EventStream {
    readers.get(stream)?.end();
    const events = openEventStream(response, { 'mcp-session-id': id }, () => {
      if (readers.get(stream) === events) readers.delete(stream);
    });
    readers.set(stream, events);
    return events;
  }

  function finish(key: string, parts: readonly Buffer[]): void {
    const exchange = exchanges.get(key);
    if (exchange === undefined) return;
    exchanges.delete(key);
    answer(exchange.outlet, parts);
  }

  function answer(outlet: Outlet, parts: readonly Buffer[]): void {
    outlet.cancelDelay();
    outlet.waits--;
    const { response } = outlet;
    if (outlet.events === undefined && !response.destroyed) {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': length,
        'cache-control': 'no-store',
        'mcp-session-id': id,
      });
      for (const part of parts) response.write(part);
      response.end();
      return;
    }
    emit(outlet.stream, parts);
    if (outlet.waits === 0) readers.get(outlet.stream)?.end();
  }

  function receive(envelope: Envelope & { kind: 'request' }, text: string, pieces: Pieces | undefined, outlet: Outlet) {
    const key = idKey(envelope.id, envelope.idText);
    if (exchanges.has(key)) {
      const message = `request ${envelope.idText} is still under way; use another id`;
      return answer(outlet, [Buffer.from(replyMessage(envelope.idText, errorReply(RPC_CODE.invalidRequest, message)))]);
    }
    exchanges.set(key, { idText: envelope.idText, outlet });
    session.receive(text, pieces, envelope);
  }

  const used = () => {
    lastUsedAt = clock.now();
  };

  const self: HttpSession = {
    id,
    principal,
    address: options.address,
    get lastUsedAt() {
      return lastUsedAt;
    },
    get open() {
      return exchanges.size + readers.size;
    },
    get pending() {
      return session.pending;
    },
    request(envelope, text, pieces, response) {
      used();
      if (envelope.method === 'initialize') version = legacyVersionFor(envelope.params['protocolVersion']);
      const outlet = createOutlet(++lastStream, response, 1);
      outlet.cancelDelay = clock.after(STREAM_AFTER_MS, () => beginStream(outlet));
      receive(envelope, text, pieces, outlet);
    },
    get takesBatches() {
      return version === BATCH_VERSION;
    },
    batch(items, response) {
      used();
      const waits = items.filter(({ envelope }) => isAnswered(envelope)).length;
      const outlet = createOutlet(++lastStream, response, waits);
      beginStream(outlet);
      for (const { envelope, text } of items) {
        if (envelope.kind === 'request') receive(envelope, text, undefined, outlet);
        else if (envelope.kind !== 'invalid') session.receive(text, undefined, envelope);
        else {
          const error = errorReply(envelope.code, envelope.message);
          answer(outlet, [Buffer.from(replyMessage(envelope.idText, error))]);
        }
      }
    },
    notify(envelope, text, pieces) {
      used();
      session.receive(text, pieces, envelope);
      if (envelope.kind !== 'notification' || envelope.method !== 'notifications/cancelled') return;
      const { requestId } = envelope.params;
      const key = idKey(requestId, JSON.stringify(requestId));
      const exchange = exchanges.get(key);
      if (exchange === undefined) return;
      // The gateway answers no cancelled request, so the HTTP request is ended without an answer.
      exchanges.delete(key);
      const { outlet } = exchange;
      outlet.cancelDelay();
      outlet.waits--;
      if (outlet.events === undefined) outlet.response.writeHead(202).end();
      else if (outlet.waits === 0) readers.get(outlet.stream)?.end();
    },
    listen(response, lastEventId) {
      used();
      const past = lastEventId === undefined ? { stream: LISTENING, events: [] } : log.after(lastEventId);
      if (past === undefined) return false;
      const events = read(past.stream, response);
      for (const event of past.events) if (event.parts.length > 0) events.send(event);
      // A stream whose answer has been sent is complete.
      const isOver =
        past.stream !== LISTENING && ![...exchanges.values()].some(({ outlet }) => outlet.stream === past.stream);
      if (isOver) events.end();
      return true;
    },
    async close(reason) {
      if (closed) return;
      closed = true;
      endCount();
      for (const { idText, outlet } of exchanges.values()) {
        const { stream, response, events } = outlet;
        outlet.cancelDelay();
        const answer = replyMessage(idText, errorReply(RPC_CODE.failed, `[mcpgate] ${reason}`));
        // Without this answer a client whose stream ended would resume it, and wait for ever.
        if (events !== undefined) emit(stream, [Buffer.from(answer)]);
        else if (!response.destroyed) response.writeHead(404, { 'content-type': 'application/json' }).end(answer);
      }
      exchanges.clear();
      for (const events of [...readers.values()]) events.end();
      await session.close(reason);
    },
  };
  return self;
}
