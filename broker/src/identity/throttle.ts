// Throttles: how often something may be tried under a key within a window of time. They count in this process alone. A try counts before it is
// judged, so that many tries at once are no way around. The number of keys is bounded, because strangers can make them up.
import { addressKey, networkKeys } from '../domain/bounds/address-key.ts';
import { createRecentMap } from '../domain/bounds/recent-map.ts';

export interface Throttle {
  /** Counts a try. Returns 0 where it is allowed, else how many ms to wait before the next one. */
  hit(key: string): number;
  /** Takes one try back, because it was rightful. */
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

/** A throttle whose keys are addresses: all addresses of an IPv6 /64 count as one. */
export function createAddressThrottle(rate: { tries: number; windowS: number }, now?: () => number): Throttle {
  const throttle = createThrottle(rate, now);
  return {
    hit: (address) => throttle.hit(addressKey(address)),
    forgive: (address) => throttle.forgive(addressKey(address)),
  };
}

/**
 * Throttles each address, the two networks around it (a site's and a provider's), and all addresses together. So one stranger can use up no more
 * than the share of their network of what there is for everybody. A try that is refused for the address does not count for the others.
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
