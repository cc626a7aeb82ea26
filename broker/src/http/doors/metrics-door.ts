// Decides who may read `/metrics`: clients whose address is in the configured ranges. A request that a trusted proxy has passed on counts as coming
// from that proxy's client. One that another proxy has passed on is refused: its client is not known, and counted by the proxy's own address
// (often the loopback) it would let everybody in.
import type { IncomingHttpHeaders } from 'node:http';
import { createAddressRanges } from '../../domain/bounds/address-ranges.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export interface MetricsDoor {
  allows(request: { peer: string | undefined; headers: IncomingHttpHeaders }): boolean;
}

/** `allow` is asked at each request: a reload of the configuration may change who is allowed. */
export function createMetricsDoor({
  allow,
  proxies,
}: {
  allow: () => readonly string[];
  proxies: TrustedProxies;
}): MetricsDoor {
  let now = { allow: allow(), ranges: createAddressRanges(allow()) };
  return {
    allows({ peer, headers }) {
      const asked = allow();
      if (asked !== now.allow) now = { allow: asked, ranges: createAddressRanges(asked) };
      const forwardedFor = headers['x-forwarded-for'];
      const isForwarded = forwardedFor !== undefined || headers.forwarded !== undefined || headers.via !== undefined;
      if (isForwarded && !proxies.includes(peer)) return false;
      return now.ranges.includes(proxies.clientAddress(peer, forwardedFor));
    },
  };
}
