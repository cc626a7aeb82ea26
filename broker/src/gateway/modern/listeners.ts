// The streams of changes of one session: opened, cancelled, ended.
import { toGateError } from 'mcpgate-shared/error';
import { isForTheLog, toldOutside } from '../../domain/told-outside.ts';
import type { ListKind, UpstreamEvent } from '../../upstreams/upstream.ts';
import { errorMessage, errorObject } from '../answers.ts';
import type { Task } from '../carry-out.ts';
import { idKey } from '../../upstreams/json-rpc-guard.ts';
import { INVALID_REQUEST } from '../envelope.ts';
import type { SendToClient } from '../gateway.ts';
import type { GatewayParts, SessionScope } from '../session-scope.ts';
import { listenEnded, openListener, readFilter, type Listener } from './listen.ts';

export interface Listeners {
  open(scope: SessionScope, task: Omit<Task, 'signal'>): void;
  /** False: no stream was opened by a request of this id. */
  cancel(idText: string): boolean;
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Ends all, and says so. */
  close(): void;
}

const MAX_STREAMS = 16;
const INTERNAL_ERROR = -32603;
const BUSY = -32000;

interface Stream {
  idText: string;
  controller: AbortController;
  listener: Listener | undefined;
}

export function createListeners(parts: GatewayParts, send: SendToClient): Listeners {
  const streams = new Map<string, Stream>();

  async function open(scope: SessionScope, task: Task, stream: Stream, filter: { lists: string[]; uris: string[] }) {
    const { listener, opened } = openListener(parts, scope, task, filter);
    stream.listener = listener;
    await opened;
    // What it began to follow after it was cancelled it gives up, too.
    if (stream.controller.signal.aborted) listener.close();
  }

  return {
    open(scope, task) {
      const { request } = task;
      const { idText } = request;
      const key = idKey(request.id, idText);
      const answer = (text: string) => send(text, undefined, { answers: key });
      const filter = readFilter(request);
      if (typeof filter === 'string') return answer(filter);
      if (streams.has(key)) {
        return answer(
          errorMessage(idText, errorObject(INVALID_REQUEST, `request ${idText} is still under way; use another id`)),
        );
      }
      if (streams.size >= MAX_STREAMS) {
        return answer(
          errorMessage(
            idText,
            errorObject(BUSY, `[mcpgate] ${MAX_STREAMS} streams of this session are open already; end some`),
          ),
        );
      }
      const controller = new AbortController();
      const stream: Stream = { idText, controller, listener: undefined };
      streams.set(key, stream);
      const heard = {
        ...task,
        signal: controller.signal,
        tell: (text: string) => void (controller.signal.aborted || task.tell(text)),
      };
      open(scope, heard, stream, filter).catch((error: unknown) => {
        if (!streams.delete(key)) return;
        const failure = toGateError(error);
        if (isForTheLog(failure)) parts.log.error({ err: error }, 'a stream of changes could not be opened');
        answer(errorMessage(idText, errorObject(INTERNAL_ERROR, `[mcpgate] ${toldOutside(failure)}`)));
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
      for (const [key, { idText, controller, listener }] of streams) {
        controller.abort();
        listener?.close();
        send(listenEnded(idText), undefined, { answers: key });
      }
      streams.clear();
    },
  };
}
