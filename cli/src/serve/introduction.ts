// The handshake between the AI client and the broker: what the client asked and was told, and how it is said again over a new channel
// without the client.
import { noticeText, requestText } from 'mcpgate-shared/mcp/rpc-text';
import type { ClientMessage } from './client-message.ts';
import { listsChanged } from './local-answer.ts';

/** The id of a handshake that is repeated; its answer is nobody's but our own. */
export const REINITIALIZE_ID = '"mcpgate-initialize-again"';

export interface Introduction<M extends ClientMessage> {
  /** The client's `initialize`, the last one. */
  readonly request: M | undefined;
  begin(message: M): void;
  /** The same request, which is sent again. */
  replace(message: M): void;
  /** The client has the answer; `result` is its text. */
  answered(result: string | undefined): void;
  /** The client has said that it is ready. */
  initialized(): void;
  /** What a channel that knows nothing is told first; empty where the client has no answer yet. */
  again(): Buffer[];
  /** Tells the client that what it was offered may be another. */
  listsChanged(): readonly string[];
}

export function createIntroduction<M extends ClientMessage>(): Introduction<M> {
  let request: M | undefined;
  let isAnswered = false;
  let isInitialized = false;
  /** The result of the handshake that the client has. */
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
