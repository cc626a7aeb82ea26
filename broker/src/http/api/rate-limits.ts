// How much one person or token may ask of the API in a minute, at each broker. What takes access away is never held up by it: whoever must shut somebody
// out at once can, whatever their scripts have asked for before.
import type { Clock } from 'mcpgate-shared/clock';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from '../../admin/operation.ts';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';

const WINDOW_MS = 60_000;

export interface RateLimits {
  /** Counts a request. Returns the headers that tell the client how it stands (draft-ietf-httpapi-ratelimit-headers). Throws `throttled`. */
  take(caller: Caller, endpoint: Pick<Endpoint, 'endsAccess'>, tell: (headers: Record<string, string>) => void): void;
}

/** `perMinute`: as it is configured now. */
export function createRateLimits(parts: { perMinute: () => number; clock: Pick<Clock, 'now'> }): RateLimits {
  const { perMinute, clock } = parts;
  const counts = createRecentMap<{ endsAt: number; asked: number }>({ clock, keepMs: 2 * WINDOW_MS });
  return {
    take(caller, { endsAccess }, tell) {
      const quota = perMinute();
      if (endsAccess || caller.credential.kind === 'socket') return;
      const now = clock.now();
      const key = ownerOfRequests(caller);
      const found = counts.get(key);
      const count = found !== undefined && found.endsAt > now ? found : { endsAt: now + WINDOW_MS, asked: 0 };
      count.asked += 1;
      counts.set(key, count);
      const leftMs = count.endsAt - now;
      const rest = Math.max(0, quota - count.asked);
      tell({
        'ratelimit-policy': `"requests";q=${quota};w=${WINDOW_MS / 1000}`,
        ratelimit: `"requests";r=${rest};t=${Math.ceil(leftMs / 1000)}`,
      });
      if (count.asked <= quota) return;
      throw new GateError(
        'throttled',
        `more than ${quota} requests a minute (api.requests_per_minute); wait a moment`,
        {
          retryAfterMs: leftMs,
        },
      );
    },
  };
}

/** The person, whatever they have signed in with, or the token. */
export function ownerOfRequests({ homeWorkspaceId, principal, credential }: Caller): string {
  return JSON.stringify([homeWorkspaceId, principal?.user?.id ?? `${credential.kind}:${credential.id}`]);
}
