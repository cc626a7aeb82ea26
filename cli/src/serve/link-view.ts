// What `serve` knows of its link, and what a caller is told while there is none.
import type { LinkState } from '../local/control.ts';

export interface LinkView {
  readonly state: LinkState;
  /** There was a link before. */
  readonly wasOpen: boolean;
  /** The broker was tried and did not answer, and has not since. */
  readonly away: boolean;
}

export interface ChangingLinkView extends LinkView {
  /** Why there is no link. */
  readonly reason: string;
  change(next: LinkState, message: string | null): void;
  /** The broker, or the local daemon, is to come back. */
  lost(why: string): void;
}

export function createLinkView(): ChangingLinkView {
  let state: LinkState = 'connecting';
  let wasOpen = false;
  let away = false;
  let reason = 'the local daemon is starting';
  return {
    get state() {
      return state;
    },
    get wasOpen() {
      return wasOpen;
    },
    get away() {
      return away;
    },
    get reason() {
      return reason;
    },
    change(next, message) {
      state = next;
      wasOpen ||= next === 'open';
      away = next === 'waiting' || (away && next === 'connecting');
      reason = message ?? (next === 'open' ? '' : 'the broker is not connected yet; try again in a moment');
    },
    lost(why) {
      state = 'connecting';
      reason = why;
    },
  };
}
