// Who may read `/metrics`: peers of the configured ranges. A request that some proxy has passed on counts as its client's; where that
// proxy is none of ours nobody knows whose it is, and it is refused: else everybody would come from the proxy's own loopback.
import type { IncomingHttpHeaders } from 'node:http';
import { createAddressRanges } from '../../domain/address-ranges.ts';
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
      return allowed.includes(proxies.clientAddress(peer, [forwardedFor].flat().join(',')));
    },
  };
}
