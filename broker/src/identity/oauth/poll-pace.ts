// Tells which polls of a device come earlier than the interval that it was told (RFC 8628, section 3.5). The first poll is never too early. A
// poll that was too early does not count for the next one, so that a device which keeps to the interval always gets its answer.
import type { Clock } from 'mcpgate-shared/clock';
import { sha256Hex } from '../../store/secret-token.ts';

const MAX_CODES = 10_000;

export interface PollPace {
  /** Notes a poll; true where it came too early. */
  tooFast(deviceCode: string): boolean;
}

export function createPollPace(clock: Clock, intervalS: number): PollPace {
  const lastPollAt = new Map<string, number>();
  // Half a second for the network: two polls that left in time may arrive closer to each other.
  const minGapMs = Math.max(0, intervalS * 1000 - 500);
  return {
    tooFast(deviceCode) {
      const key = sha256Hex(deviceCode);
      const last = lastPollAt.get(key);
      const now = clock.now();
      if (last !== undefined && now - last < minGapMs) return true;
      lastPollAt.delete(key);
      lastPollAt.set(key, now);
      const [oldest] = lastPollAt.keys();
      if (lastPollAt.size > MAX_CODES && oldest !== undefined) lastPollAt.delete(oldest);
      return false;
    },
  };
}
