// How long a subscription to events may be granted without being asked for anew (Events extension, "Subscription TTL"). A server posts past
// mcpgate to an address that the caller chose, so the rules are asked at each renewal, and who may not renew it loses it.
import { parseRecord } from '../../mcp/json-rpc-guard.ts';

/** What servers are asked for at the most, and what is put up with: they may have a shortest time of their own. */
const LEASE_MS = 10 * 60_000;
const MOST_GRANTED_MS = 60 * 60_000;

/** `ttlMs` for the server, as JSON text. `asked`: what the client said; null means for ever, and nothing what the server likes. */
export const leaseText = (asked: unknown): string =>
  JSON.stringify(typeof asked === 'number' && asked > 0 && asked < LEASE_MS ? asked : LEASE_MS);

/** Whether the server keeps the subscription for longer than may be, or does not say for how long. */
export function isGrantedTooLong(resultText: string, now: number): boolean {
  const result = parseRecord(resultText);
  // Nothing was begun yet.
  if (result?.['resultType'] === 'input_required') return false;
  const until = result?.['refreshBefore'];
  // Not true of a time that cannot be read.
  return !(typeof until === 'string' && Date.parse(until) <= now + MOST_GRANTED_MS);
}

export const tooLong = (server: string, isEnded: boolean): string =>
  `[mcpgate] server ${server} would keep this subscription for longer than an hour without being asked again, or does not say for how long; ${
    isEnded ? 'it was ended at once' : 'ending it failed, so tell whoever runs the server'
  }`;
