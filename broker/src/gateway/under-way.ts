// The requests of one session that are not answered yet: each can be cancelled until it is over.
import { toGateError } from 'mcpgate-shared/error';
import { isForTheLog, toldOutside } from '../domain/told-outside.ts';
import { errorMessage, errorObject } from './answers.ts';
import { idKey } from '../upstreams/json-rpc-guard.ts';
import { INVALID_REQUEST, type ClientRequest } from './envelope.ts';
import type { Belongs } from './gateway.ts';
import { isRecorded } from './methods.ts';
import type { GatewayParts } from './session-scope.ts';

const INTERNAL_ERROR = -32603;
const BUSY = -32000;

export interface UnderWay {
  /** Runs `task` and sends its answer, unless the caller has cancelled. Refuses an id that is taken, and more than the limit. */
  run(request: ClientRequest, task: (signal: AbortSignal) => Promise<string | undefined>): void;
  /** `idText`: the id as it was written. */
  cancel(idText: string): void;
  /** Cancels everything. Resolves when what goes to servers is over, and recorded. */
  close(reason: string): Promise<void>;
  readonly size: number;
}

export function createUnderWay(
  parts: Pick<GatewayParts, 'log' | 'maxPending'>,
  send: (text: string, pieces: undefined, belongs: Belongs) => void,
): UnderWay {
  const entries = new Map<string, { controller: AbortController; method: string; over: Promise<void> }>();

  return {
    run(request, task) {
      const { idText, method } = request;
      const key = idKey(request.id, idText);
      const reply = (text: string) => send(text, undefined, { answers: key });
      if (entries.has(key)) {
        reply(
          errorMessage(idText, errorObject(INVALID_REQUEST, `request ${idText} is still under way; use another id`)),
        );
        return;
      }
      if (entries.size >= parts.maxPending) {
        const message = `[mcpgate] ${parts.maxPending} requests of this session are under way; wait for some to end`;
        reply(errorMessage(idText, errorObject(BUSY, message)));
        return;
      }
      const controller = new AbortController();
      const over = task(controller.signal).then(
        (answer) => {
          entries.delete(key);
          if (answer !== undefined && !controller.signal.aborted) reply(answer);
        },
        (error: unknown) => {
          entries.delete(key);
          const failure = toGateError(error);
          if (isForTheLog(failure)) parts.log.error({ err: error, method }, 'a request failed');
          const message = `[mcpgate] ${toldOutside(failure)}`;
          if (!controller.signal.aborted) reply(errorMessage(idText, errorObject(INTERNAL_ERROR, message)));
        },
      );
      entries.set(key, { controller, method, over });
    },
    cancel(idText) {
      entries.get(idKey(JSON.parse(idText), idText))?.controller.abort();
    },
    async close(reason) {
      const rest = [...entries.values()];
      for (const { controller } of rest) controller.abort(reason);
      // A revocation need not wait for a list that waits for a slow server.
      await Promise.all(rest.filter(({ method }) => isRecorded(method)).map(({ over }) => over));
    },
    get size() {
      return entries.size;
    },
  };
}
