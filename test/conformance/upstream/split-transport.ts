// One connection shared by two servers: each message goes to the one that it is meant for, and both answer on it.
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';

/** The first gets what is not for the second; what cancels a request goes to both. */
export function splitTransport(
  whole: Transport,
  isForSecond: (message: JSONRPCMessage) => boolean,
): readonly [Transport, Transport] {
  let started: Promise<void> | undefined;
  const make = (): Transport => ({
    start: () => (started ??= whole.start()),
    send: (message, options) => whole.send(message, options),
    close: () => whole.close(),
  });
  const [first, second] = [make(), make()];
  whole.onmessage = (message, extra) => {
    const isCancellation = 'method' in message && message.method === 'notifications/cancelled';
    const isSecond = isForSecond(message);
    if (!isSecond) first.onmessage?.(message, extra);
    if (isSecond || isCancellation) second.onmessage?.(message, extra);
  };
  whole.onclose = () => {
    first.onclose?.();
    second.onclose?.();
  };
  whole.onerror = (error) => first.onerror?.(error);
  return [first, second];
}
