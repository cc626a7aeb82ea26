// The reverse proxies that the configuration trusts, and the address of the client whose request one of them has passed on.
import { isIP } from 'node:net';
import { createAddressRanges, withoutMapping, type AddressRanges } from '../../domain/bounds/address-ranges.ts';

export interface TrustedProxies extends AddressRanges {
  readonly ranges: readonly string[];
  /** The client's address: that of the peer, or, behind trusted proxies, the last address of `X-Forwarded-For` that is not one of them. */
  clientAddress(peer: string | undefined, forwardedFor: string | string[] | undefined): string;
}

/** Some load balancers write `192.0.2.1:50123` and `[2001:db8::1]:50123`. */
const withoutPort = (hop: string): string => {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(hop);
  return parts?.[1] ?? parts?.[2] ?? hop;
};

export function createTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const { includes } = createAddressRanges(ranges);
  return {
    ranges,
    includes,
    clientAddress(peer, forwardedFor) {
      let client = withoutMapping(peer ?? 'unknown');
      for (const hop of [forwardedFor ?? ''].flat().join(',').split(',').toReversed()) {
        const address = withoutMapping(withoutPort(hop.trim()));
        if (!includes(client) || isIP(address) === 0) break;
        client = address;
      }
      return client;
    },
  };
}
