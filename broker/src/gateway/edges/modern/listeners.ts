// Opens, cancels and ends the `subscriptions/listen` streams of one session, and passes events on to them.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { toGateError } from 'mcpgate-shared/error';
import { mustBeLogged, publicMessage } from '../../../domain/public-message.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import type { UpstreamEvent } from '../../../upstreams/upstream.ts';
import { idKey } from '../../../mcp/json-rpc-guard.ts';
import type { ToClient } from '../client-channel.ts';
import { type ClientRequest } from '../envelope.ts';
import { errorReply } from '../../reply.ts';
import type { Handling } from '../../request.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';
import { listenEnded, openListener, readFilter, type Filter, type Listener } from './listen.ts';

export interface Listeners {
  open(scope: SessionScope, request: ClientRequest, handling: Omit<Handling, 'signal'>): void;
  /** False: no stream was opened by a request of this id. */
  cancel(idText: string): boolean;
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Ends all streams, each with an answer. */
  close(): void;
}

const MAX_STREAMS = 16;

interface Stream {
  request: ClientRequest;
  controller: AbortController;
  listener: Listener | undefined;
}

export function createListeners(parts: GatewayParts, to: Pick<ToClient, 'answer'>): Listeners {
  const streams = new Map<string, Stream>();

  async function open(scope: SessionScope, handling: Handling, stream: Stream, filter: Filter) {
    const { listener, opened } = openListener(parts, scope, handling, { ...filter, idText: stream.request.idText });
    stream.listener = listener;
    await opened;
    // The stream was cancelled while it was being opened: close it, so that it gives up what it began to follow.
    if (stream.controller.signal.aborted) listener.close();
  }

  return {
    open(scope, request, handling) {
      const { idText } = request;
      const key = idKey(request.id, idText);
      const refuse = (code: number, message: string) => to.answer(request, errorReply(code, message));
      const filter = readFilter(request);
      if (typeof filter === 'string') return refuse(RPC_CODE.invalidParams, filter);
      if (streams.has(key))
        return refuse(RPC_CODE.invalidRequest, `request ${idText} is still under way; use another id`);
      if (streams.size >= MAX_STREAMS)
        return refuse(
          RPC_CODE.serverError,
          `[mcpgate] ${MAX_STREAMS} streams of this session are open already; end some`,
        );
      const controller = new AbortController();
      const stream: Stream = { request, controller, listener: undefined };
      streams.set(key, stream);
      const heard: Handling = {
        ...handling,
        signal: controller.signal,
        tell: (notice) => void (controller.signal.aborted || handling.tell(notice)),
      };
      open(scope, heard, stream, filter).catch((error: unknown) => {
        if (!streams.delete(key)) return;
        const failure = toGateError(error);
        if (mustBeLogged(failure)) parts.log.error({ err: error }, 'a stream of changes could not be opened');
        refuse(RPC_CODE.internalError, `[mcpgate] ${publicMessage(failure)}`);
      });
    },
    cancel(idText) {
      const key = idKey(JSON.parse(idText), idText);
      const stream = streams.get(key);
      if (stream === undefined) return false;
      streams.delete(key);
      stream.controller.abort();
      stream.listener?.close();
      return true;
    },
    onEvent(event) {
      for (const { listener } of streams.values()) listener?.onEvent(event);
    },
    listChanged(kind) {
      for (const { listener } of streams.values()) listener?.listChanged(kind);
    },
    close() {
      for (const { request, controller, listener } of streams.values()) {
        controller.abort();
        listener?.close();
        to.answer(request, listenEnded(request.idText));
      }
      streams.clear();
    },
  };
}
