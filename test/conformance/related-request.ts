// Which request a message of a stdio server belongs to: stdio does not say it, an HTTP stream has to know.
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server';

export interface RelatedRequests {
  /** A request that the client sent. */
  sent(message: JSONRPCMessage): void;
  /** The request that `message` of the server belongs to: its answer, its progress, or the only one that waits. */
  of(message: JSONRPCMessage): RequestId | undefined;
}

export function createRelatedRequests(): RelatedRequests {
  const waiting = new Map<RequestId, unknown>();
  return {
    sent(message) {
      if ('method' in message && 'id' in message) waiting.set(message.id, message.params?._meta?.['progressToken']);
    },
    of(message) {
      if (!('method' in message)) {
        if (message.id === undefined) return undefined;
        waiting.delete(message.id);
        return message.id;
      }
      const subscription = message.params?._meta?.['io.modelcontextprotocol/subscriptionId'];
      const token = message.params?.['progressToken'];
      for (const [id, its] of waiting) {
        if (subscription !== undefined && subscription === id) return id;
        if (token !== undefined && token === its) return id;
      }
      return token === undefined && subscription === undefined && waiting.size === 1
        ? [...waiting.keys()][0]
        : undefined;
    },
  };
}
