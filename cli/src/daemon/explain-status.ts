// Explains an HTTP response that comes instead of the WebSocket upgrade.
import type { IncomingMessage } from 'node:http';
import { describeForeignAnswer } from '../auth/foreign-answer.ts';

/** Whether the broker itself has answered, in JSON. Firewalls and portals also answer 401 and 403, with pages, which must not end a login. */
export const isBrokersAnswer = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith('application/json') === true;

/** The broker's reason for a refusal from `WWW-Authenticate` (RFC 6750, section 3): printable text without quotes. */
export const describedIn = ({ headers }: IncomingMessage): string | undefined =>
  /error_description="([\x20\x21\x23-\x5b\x5d-\x7e]{1,200})"/.exec(headers['www-authenticate'] ?? '')?.[1];

/** The longest `Retry-After` of a full broker that is followed. */
const MAX_RETRY_AFTER_S = 15;

/** After how long the broker wants to be asked again. 0 where it has not said, where it says one second, or where another program has answered. */
export function retryAfterMs(response: IncomingMessage): number {
  const seconds = Number(/^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0] ?? 0);
  return seconds > 1 && isBrokersAnswer(response) ? Math.min(seconds, MAX_RETRY_AFTER_S) * 1_000 : 0;
}

/** One line that says what happened and what to do. */
export function explainStatus(broker: string, response: IncomingMessage): string {
  const { statusCode: status = 0, headers } = response;
  if (status === 426) return `${broker} speaks another version of the tunnel; upgrade mcpgate (npm i -g mcpgate)`;
  if (status === 421 && isBrokersAnswer(response))
    return `the broker at ${broker} does not answer for this name any more; ask your platform team for its URL, then run \`mcpgate login URL\``;
  if (status === 503 && isBrokersAnswer(response)) return `${broker} is restarting or cannot serve right now`;
  return describeForeignAnswer(broker, {
    status,
    contentType: headers['content-type'],
    location: headers.location,
  });
}
