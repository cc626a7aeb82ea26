// A duration that a flag gives.
import { parseDurationMs } from 'mcpgate-shared/duration';
import { GateError } from 'mcpgate-shared/error';

/** Milliseconds; throws `usage` naming the flag. */
export function durationFlagMs(flag: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms === 0) {
    throw new GateError('usage', `${flag}: "${text}" is not a duration; write 30s, 15m, 8h or 90d`);
  }
  return ms;
}
