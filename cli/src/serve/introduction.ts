// Remembers the handshake between the AI client and the broker, so that `serve` can repeat it on a new channel without the client.
import { noticeText, requestText } from 'mcpgate-shared/mcp/rpc-text';
import type { ClientMessage } from './client-message.ts';
import { listsChanged } from './local-answer.ts';

/** The id of a repeated handshake, whose answer is not passed on to the client. */
export const REINITIALIZE_ID = '"mcpgate-initialize-again"';

export interface Introduction<M extends ClientMessage> {
  /** The client's last `initialize`. */
  readonly request: M | undefined;
  /** The client has sent `initialize`. */
  begin(message: M): void;
  /** The same request is sent again, as a new entry. */
  replace(message: M): void;
  /** The client has its answer. `result`: as JSON text; undefined: it was an error. */
  answered(result: string | undefined): void;
  /** The client has sent `notifications/initialized`. */
  initialized(): void;
  /** The messages that repeat the handshake on a new channel; empty where the client has no answer yet. */
  again(): Buffer[];
  /** The notifications that tell the client that all its lists may have changed. */
  listsChanged(): readonly string[];
}

export function createIntroduction<M extends ClientMessage>(): Introduction<M> {
  let request: M | undefined;
  let isAnswered = false;
  let isInitialized = false;
  /** The `initialize` result that the client has. */
  let known: string | undefined;
  return {
    get request() {
      return request;
    },
    begin(message) {
      request = message;
      isAnswered = false;
    },
    replace(message) {
      request = message;
    },
    answered(result) {
      isAnswered = true;
      known = result;
    },
    initialized() {
      isInitialized = true;
    },
    again() {
      if (request === undefined || !isAnswered) return [];
      const params = JSON.stringify(request.params);
      const lines = [requestText(REINITIALIZE_ID, 'initialize', params)];
      if (isInitialized) lines.push(noticeText('notifications/initialized'));
      return lines.map((line) => Buffer.from(line));
    },
    listsChanged: () => (known === undefined ? [] : listsChanged(known)),
  };
}
