// Stands before everything else that is done for a request: a request with a token or cookie that was valid lately is handled at once, all others wait for
// their turn as strangers' requests.
import { cookieValue } from './cookie-value.ts';
import type { KnownTokens } from './known-tokens.ts';
import { doorOf, type RefusedRequests } from './refused-requests.ts';
import type { RequestHandler } from '../request-handler.ts';
import { answerUnavailable } from '../problem.ts';
import { bearerOf } from '../rejection.ts';
import type { StrangerTurns } from './stranger-turns.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export function strangersWait(
  handle: RequestHandler,
  by: {
    turns: StrangerTurns;
    knownTokens: Pick<KnownTokens, 'has'>;
    proxies: Pick<TrustedProxies, 'clientAddress'>;
    /** The name of the cookie of browser sessions. */
    cookie: string;
    refused: Pick<RefusedRequests, 'note'>;
  },
): RequestHandler {
  return (request, response) => {
    const { authorization, cookie } = request.headers;
    const credential = authorization === undefined ? cookieValue(cookie, by.cookie) : bearerOf(authorization);
    if (by.knownTokens.has(credential)) return handle(request, response);
    const address = by.proxies.clientAddress(request.socket.remoteAddress, request.headers['x-forwarded-for']);
    const isTaken = by.turns.enter(address, () => {
      if (!response.destroyed) handle(request, response);
    });
    if (isTaken) return;
    by.refused.note(doorOf(request.url ?? '/'), 'too_many', address);
    answerUnavailable(request, response, { message: 'too many come at once; try again in a moment', retryAfterS: 2 });
  };
}
