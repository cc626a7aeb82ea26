// Requests that are answered before their body was read (because they were refused by their headers). Node would read the whole body for nothing.
// Instead the client gets its answer, and a client that goes on sending is cut off after a bounded size and time.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A body up to this size is read and dropped, so that the connection can be used again. */
const MAX_IDLE_BODY_BYTES = 64 * 1024;
/** Many clients look for an answer only once they have sent everything: this much more is read and dropped, slowly. Past it nothing is read. */
const MAX_DISCARD_BYTES = 1024 * 1024;
const READ_EVERY_MS = 20;
/**
 * How long a client that has its answer may go on sending before its connection is cut (RFC 9112, section 9.6). A cut makes the client's next write
 * fail, and many clients then report that error instead of the answer, which they have not read yet. So they get time, also where they are busy.
 */
const LINGER_MS = 5_000;

/** Ends the connection after the answer, where the request's body was not read by then. To be called before the request is handled. */
export function endUnread(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && Number(length ?? 0) <= MAX_IDLE_BODY_BYTES) return;
  const { socket } = request;
  // Before Node's own listener, which would begin to read the body.
  response.prependOnceListener('finish', () => {
    if (request.complete || socket.destroyed) return;
    socket.end();
    // Node would cut the connection at once where the client asked to close it.
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
