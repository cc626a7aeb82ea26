// Decides who may read `/metrics`: clients whose address is in the configured ranges. A request that a trusted proxy has passed on counts as coming
// from that proxy's client. One that another proxy has passed on is refused: its client is not known, and counted by the proxy's own address
// (often the loopback) it would let everybody in.
import type { IncomingHttpHeaders } from 'node:http';
import { createAddressRanges } from '../../domain/bounds/address-ranges.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export interface MetricsDoor {
  allows(request: { peer: string | undefined; headers: IncomingHttpHeaders }): boolean;
}

export function createMetricsDoor({
  allow,
  proxies,
}: {
  allow: readonly string[];
  proxies: TrustedProxies;
}): MetricsDoor {
  const allowed = createAddressRanges(allow);
  return {
    allows({ peer, headers }) {
      const forwardedFor = headers['x-forwarded-for'];
      const isForwarded = forwardedFor !== undefined || headers.forwarded !== undefined || headers.via !== undefined;
      if (isForwarded && !proxies.includes(peer)) return false;
      return allowed.includes(proxies.clientAddress(peer, forwardedFor));
    },
  };
}
