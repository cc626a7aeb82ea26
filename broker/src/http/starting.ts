// What a broker answers before it serves: it is alive, not ready, and says what it waits for.
import type { RequestHandler } from './request-handler.ts';

/** `why`: after `the broker`. */
export function startingHandler(why: () => string): RequestHandler {
  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end('{"status":"ok"}');
      return;
    }
    const message = `the broker ${why()}`;
    response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' });
    response.end(JSON.stringify({ error: { code: 'unavailable', message, request_id: '-' } }));
  };
}
