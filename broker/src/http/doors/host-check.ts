// Refuses requests whose `Host` is not the broker's. Else a web page could point its own name at the broker's address (DNS rebinding), and browsers
// would let its scripts talk to the broker as to their own site. An IP address or `localhost` cannot be pointed elsewhere, so these are accepted.
import { isIP } from 'node:net';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Paths that load balancers and monitors request, under whatever name they have for the broker. */
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
      // A trusted proxy may use an internal name for the broker; it is no browser that a page could misuse.
      return plain === 'localhost' || isIP(plain) !== 0 || options.proxies.includes(peer);
    },
  };
}
