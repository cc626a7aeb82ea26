// The one way out of a session: answers, notices and questions as JSON-RPC messages to its client. What cannot be handed over is logged;
// an answer that is too long is told to who waits for it.
import { idKey } from '../../mcp/json-rpc-guard.ts';
import { noticeMessage, replyMessage, replyTooLong } from './edge-messages.ts';
import type { ClientRequest } from './envelope.ts';
import type { Belongs, SendToClient } from '../gateway.ts';
import type { Answer } from '../reply.ts';
import type { Notice } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';

type Asked = Pick<ClientRequest, 'id' | 'idText'>;

export interface ToClient {
  answer(request: Asked, answer: Answer): void;
  /** `about`: the request that it belongs to. */
  tell(notice: Notice, about?: Asked): void;
  /** A message that answers no request that could be read, or asks something. */
  put(message: string): void;
}

export function createToClient(
  { log, maxMessageChars }: Pick<GatewayParts, 'log' | 'maxMessageChars'>,
  session: string,
  send: SendToClient,
): ToClient {
  const failed = (error: unknown) =>
    // The way back is gone; whoever owns it closes the session.
    log.warn({ err: error, session }, 'a message could not be handed to its client');

  function trySend(...message: Parameters<SendToClient>): void {
    try {
      send(...message);
    } catch (error) {
      failed(error);
    }
  }

  return {
    answer({ id, idText }, answer) {
      const key = idKey(id, idText);
      const belongs = (to: Answer): Belongs => ({ answers: key, ...(to.kind === 'error' && { errorCode: to.code }) });
      try {
        send(replyMessage(idText, answer), answer.pieces, belongs(answer));
      } catch (error) {
        if (!(error instanceof RangeError)) return failed(error);
        const instead = replyTooLong(maxMessageChars);
        trySend(replyMessage(idText, instead), undefined, belongs(instead));
      }
    },
    tell(notice, about) {
      trySend(noticeMessage(notice), undefined, about === undefined ? {} : { about: idKey(about.id, about.idText) });
    },
    put: (message) => trySend(message, undefined, {}),
  };
}
