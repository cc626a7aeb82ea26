// Where the intents of calls that have not ended stand in the log, so that their outcomes can name them.
import { GateError } from 'mcpgate-shared/error';
import type { RowPlace } from '../store/audit/row.ts';

export interface CallsUnderWay {
  begun(callId: string, { chain, seq }: RowPlace): void;
  /** Throws `internal` for a call that was not begun here. */
  ended(callId: string): RowPlace;
}

/** What never ends must not fill the memory; so many calls are never under way. */
const MOST_KEPT = 1_000_000;

export function createCallsUnderWay(): CallsUnderWay {
  const places = new Map<string, RowPlace>();
  return {
    begun(callId, { chain, seq }) {
      places.set(callId, { chain, seq });
      if (places.size <= MOST_KEPT) return;
      const [oldest] = places.keys();
      if (oldest !== undefined) places.delete(oldest);
    },
    ended(callId) {
      const place = places.get(callId);
      places.delete(callId);
      if (place === undefined) throw new GateError('internal', `the call ${callId} was not begun by this broker`);
      return place;
    },
  };
}
