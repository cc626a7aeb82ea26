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
  const link = {
    state: 'connecting' as LinkState,
    wasOpen: false,
    away: false,
    reason: 'the local daemon is starting',
    change(next: LinkState, message: string | null): void {
      link.state = next;
      link.wasOpen ||= next === 'open';
      link.away = next === 'waiting' || (link.away && next === 'connecting');
      link.reason = message ?? (next === 'open' ? '' : 'the broker is not connected yet; try again in a moment');
    },
    lost(why: string): void {
      link.state = 'connecting';
      link.reason = why;
    },
  };
  return link;
}
