// The requests of one session that are not answered yet. Runs, cancels and counts them.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { toGateError } from 'mcpgate-shared/error';
import { mustBeLogged, publicMessage } from '../../domain/public-message.ts';
import { idKey } from '../../mcp/json-rpc-guard.ts';
import { type ClientRequest } from './envelope.ts';
import type { ToClient } from './client-channel.ts';
import { isLasting, isRecorded } from './methods.ts';
import { streamEnded } from '../extensions/event-streams.ts';
import { errorReply, type Reply } from '../reply.ts';
import type { GatewayParts } from '../gateway-parts.ts';

export interface UnderWay {
  /**
   * Runs `task` and sends its answer, unless the client has cancelled the request. Refuses an id that is in use, and more requests than the
   * limit; those that last have a limit of their own.
   */
  run(request: ClientRequest, task: (signal: AbortSignal) => Promise<Reply>): void;
  /** `idText`: the id as the client wrote it. */
  cancel(idText: string): void;
  /** Cancels all requests; those that last are answered. Resolves when those that go to servers are over and recorded. */
  close(reason: string): Promise<void>;
  /** How many there are, without those that last. */
  readonly size: number;
}

export function createUnderWay(
  parts: Pick<GatewayParts, 'log' | 'maxPending'>,
  to: Pick<ToClient, 'answer'>,
): UnderWay {
  const entries = new Map<string, { controller: AbortController; request: ClientRequest; over: Promise<void> }>();
  let lasting = 0;

  return {
    run(request, task) {
      const { idText, method } = request;
      const key = idKey(request.id, idText);
      const refuse = (code: number, message: string) => to.answer(request, errorReply(code, message));
      if (entries.has(key))
        return refuse(RPC_CODE.invalidRequest, `request ${idText} is still under way; use another id`);
      if (!isLasting(method) && entries.size - lasting >= parts.maxPending) {
        return refuse(
          RPC_CODE.serverError,
          `[mcpgate] ${parts.maxPending} requests of this session are under way; wait for some to end`,
        );
      }
      const controller = new AbortController();
      const ended = () => {
        entries.delete(key);
        if (isLasting(method)) lasting -= 1;
      };
      const over = task(controller.signal).then(
        (reply) => {
          ended();
          if (reply.kind !== 'none' && !controller.signal.aborted) to.answer(request, reply);
        },
        (error: unknown) => {
          ended();
          const failure = toGateError(error);
          if (mustBeLogged(failure)) parts.log.error({ err: error, method }, 'a request failed');
          if (!controller.signal.aborted) refuse(RPC_CODE.internalError, `[mcpgate] ${publicMessage(failure)}`);
        },
      );
      entries.set(key, { controller, request, over });
      if (isLasting(method)) lasting += 1;
    },
    cancel(idText) {
      entries.get(idKey(JSON.parse(idText), idText))?.controller.abort();
    },
    async close(reason) {
      const rest = [...entries.values()];
      for (const { controller, request } of rest) {
        if (isLasting(request.method) && !controller.signal.aborted) to.answer(request, streamEnded(request.idText));
        controller.abort(reason);
      }
      // Lists are not waited for: a revocation must not wait for a slow server that is being listed.
      await Promise.all(rest.filter(({ request }) => isRecorded(request.method)).map(({ over }) => over));
    },
    get size() {
      return entries.size - lasting;
    },
  };
}
