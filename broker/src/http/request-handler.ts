// What answers the HTTP requests of a listener, and the handler that does so until the broker serves: it says that the broker is alive (`/healthz`),
// and to everything else that it is not ready, and what it waits for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerUnavailable } from './problem.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** `why`: what the broker does, as the rest of a sentence that begins with `the broker`. */
export function startingHandler(why: () => string): RequestHandler {
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end('{"status":"ok"}');
      return;
    }
    answerUnavailable(request, response, { message: `the broker ${why()}`, retryAfterS: 1 });
  };
}
