// Requests that are answered before their body was read: node would read all of it for nothing. Who waits for the answer gets it; who goes
// on sending is not listened to for long.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** So much is thrown away, so that the connection can be used again. */
const MAX_IDLE_BODY_BYTES = 64 * 1024;
/** Many clients look for an answer only when all is sent: they may send so much more, a read at a time. Past it nothing is taken. */
const MAX_DISCARD_BYTES = 1024 * 1024;
const READ_EVERY_MS = 20;
/**
 * How long a peer that is answered may go on sending before its connection is cut. A cut makes its next write fail, which many clients tell
 * instead of the answer that they have not looked at yet: so it has time, also where it is busy. (RFC 9112, section 9.6.)
 */
const LINGER_MS = 5_000;

/** Ends the connection after the answer, in good order. */
export function endUnread(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && Number(length ?? 0) <= MAX_IDLE_BODY_BYTES) return;
  const { socket } = request;
  // Ahead of node's own listener, which begins to read.
  response.prependOnceListener('finish', () => {
    if (request.complete || socket.destroyed) return;
    socket.end();
    // Node would cut the connection of who asked for its end.
    socket.destroySoon = () => undefined;
    const before = socket.bytesRead;
    const pause = () => void setImmediate(() => socket.pause());
    pause();
    const reading = setInterval(() => {
      if (socket.bytesRead - before >= MAX_DISCARD_BYTES) return clearInterval(reading);
      socket.resume();
      pause();
    }, READ_EVERY_MS).unref();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => {
      clearInterval(reading);
      clearTimeout(cut);
    });
  });
}
