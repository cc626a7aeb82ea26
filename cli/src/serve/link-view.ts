// The state of the link as `serve` knows it, and the reason to tell callers while there is no link.
import type { LinkState } from '../local/control.ts';

export interface LinkView {
  readonly state: LinkState;
  /** Whether the link was open before. */
  readonly wasOpen: boolean;
  /** Whether the last try to reach the broker failed. */
  readonly away: boolean;
}

export interface ChangingLinkView extends LinkView {
  /** Why there is no link, as a line that says what to do. */
  readonly reason: string;
  change(next: LinkState, message: string | null): void;
  /** The link or the daemon was lost and is expected back. */
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
