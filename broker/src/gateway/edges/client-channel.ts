// Sends the answers, notices and questions of a session to its client, as JSON-RPC messages. A message that cannot be sent is logged; in place
// of an answer that is too long the client gets an error.
import { idKey } from '../../mcp/json-rpc-guard.ts';
import { noticeMessage, replyMessage, replyTooLong } from './edge-messages.ts';
import type { ClientRequest } from './envelope.ts';
import type { Belongs, SendToClient } from '../gateway.ts';
import type { Answer } from '../reply.ts';
import type { Notice } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';

type AskedRequest = Pick<ClientRequest, 'id' | 'idText'>;

export interface ToClient {
  answer(request: AskedRequest, answer: Answer): void;
  /** Sends a notification. `about`: the request that it belongs to. */
  tell(notice: Notice, about?: AskedRequest): void;
  /** Sends a question, or an error for a message whose id could not be read. */
  put(message: string): void;
}

export function createToClient(
  { log, maxMessageChars }: Pick<GatewayParts, 'log' | 'maxMessageChars'>,
  session: string,
  send: SendToClient,
): ToClient {
  const failed = (error: unknown) =>
    // The channel or HTTP session has ended; its owner closes this session too.
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
