// Refuses requests for a host that is not ours: a page that points its own name at this address (DNS rebinding) would otherwise
// make a browser speak to the broker as its own site.
import { isLoopback, type ListenAddress } from '../config/listen-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Paths that load balancers and monitors ask by address. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export interface HostCheck {
  /** `peer`: the address of the connection itself, not a forwarded one. */
  allows(request: { host: string | undefined; path: string; peer: string | undefined }): boolean;
}

export function createHostCheck(options: {
  publicUrl: string;
  listen: ListenAddress;
  proxies: TrustedProxies;
}): HostCheck {
  const hosts = new Set([new URL(options.publicUrl).host]);
  if (isLoopback(options.listen.host)) {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) hosts.add(`${name}:${options.listen.port}`);
  }
  return {
    allows({ host, path, peer }) {
      if (host !== undefined && hosts.has(host.toLowerCase())) return true;
      if (OPEN_PATHS.has(path)) return true;
      // A proxy may ask under an inner name; it is not a browser.
      return options.proxies.includes(peer);
    },
  };
}
