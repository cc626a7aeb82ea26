// Slows down guessing: tries by a key in a window of time. Counts in this process; a try counts before it is judged, so that many tries at
// once are no way around. Keys that strangers make up are bounded in number.
import { addressKey, networkKeys } from '../domain/address-key.ts';
import { createRecentMap } from '../domain/recent-map.ts';

export interface Throttle {
  /** Counts a try; how long to wait, in ms, where there were too many, else 0. */
  hit(key: string): number;
  /** Takes one try back: it was a good one. */
  forgive(key: string): void;
}

interface Window {
  tries: number;
  endsAt: number;
}

export function createThrottle(
  { tries, windowS }: { tries: number; windowS: number },
  now: () => number = Date.now,
): Throttle {
  const windows = createRecentMap<Window>({ clock: { now }, keepMs: windowS * 1000 });
  const current = (key: string): Window | undefined => {
    const window = windows.get(key);
    return window !== undefined && window.endsAt > now() ? window : undefined;
  };
  return {
    hit(key) {
      const window = current(key) ?? { tries: 0, endsAt: now() + windowS * 1000 };
      window.tries += 1;
      windows.set(key, window);
      return window.tries > tries ? Math.max(1000, window.endsAt - now()) : 0;
    },
    forgive(key) {
      const window = current(key);
      if (window !== undefined && window.tries > 0) window.tries -= 1;
    },
  };
}

/** The same by address: one of IPv6 counts by its /64. */
export function createAddressThrottle(rate: { tries: number; windowS: number }, now?: () => number): Throttle {
  const throttle = createThrottle(rate, now);
  return {
    hit: (address) => throttle.hit(addressKey(address)),
    forgive: (address) => throttle.forgive(addressKey(address)),
  };
}

/**
 * The same, and by the networks that the address is of, and by all together: so what one stranger can have of what there is for all is the
 * share of their network. A try that is refused counts for the address alone.
 */
export function createSharedThrottle(
  rate: { ofAddress: number; ofSite: number; ofProvider: number; ofAll: number; windowS: number },
  now?: () => number,
): Pick<Throttle, 'hit'> {
  const { windowS } = rate;
  const bound = (tries: number) => createThrottle({ tries, windowS }, now);
  const [byAddress, bySite] = [bound(rate.ofAddress), bound(rate.ofSite)];
  const [byProvider, byAll] = [bound(rate.ofProvider), bound(rate.ofAll)];
  return {
    hit(address) {
      const [site, provider] = networkKeys(address);
      return byAddress.hit(addressKey(address)) || bySite.hit(site) || byProvider.hit(provider) || byAll.hit('all');
    },
  };
}
