/** What an HTTP answer instead of the WebSocket upgrade means, as one line that says what to do. */
import type { IncomingMessage } from 'node:http';
import { describeForeignAnswer } from '../auth/foreign-answer.ts';

/** Whether the broker itself answered. Firewalls and portals answer 401 and 403 with pages; nobody's access is over because of them. */
export const isBrokersAnswer = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith('application/json') === true;

/** Why the broker refused, in its own words (RFC 6750, section 3): printable text without quotes. */
export const describedIn = ({ headers }: IncomingMessage): string | undefined =>
  /error_description="([\x20\x21\x23-\x5b\x5d-\x7e]{1,200})"/.exec(headers['www-authenticate'] ?? '')?.[1];

/** A broker that is full says so; it is believed for so long. */
const MAX_RETRY_AFTER_S = 15;

/** When the broker wants to be asked again; 0 where it has not said, says a second, which the own pace keeps, or somebody else has. */
export function retryAfterMs(response: IncomingMessage): number {
  const seconds = Number(/^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0] ?? 0);
  return seconds > 1 && isBrokersAnswer(response) ? Math.min(seconds, MAX_RETRY_AFTER_S) * 1_000 : 0;
}

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
