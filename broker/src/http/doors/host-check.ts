// Refuses requests for a name that is not ours: a page that points its own name at this address (DNS rebinding) would otherwise make
// a browser speak to the broker as its own site. An address or `localhost` cannot be pointed anywhere, so those are ours.
import { isIP } from 'node:net';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Paths that load balancers and monitors ask under names of their own. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export interface HostCheck {
  /** `peer`: the address of the connection itself, not a forwarded one. */
  allows(request: { host: string | undefined; path: string; peer: string | undefined }): boolean;
}

export function createHostCheck(options: { publicUrl: string; proxies: TrustedProxies }): HostCheck {
  const publicHost = new URL(options.publicUrl).host;
  return {
    allows({ host, path, peer }) {
      if (host?.toLowerCase() === publicHost || OPEN_PATHS.has(path)) return true;
      const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host?.toLowerCase() ?? '');
      const plain = name?.[1] ?? name?.[2] ?? '';
      // A proxy may ask under an inner name; it is not a browser.
      return plain === 'localhost' || isIP(plain) !== 0 || options.proxies.includes(peer);
    },
  };
}
