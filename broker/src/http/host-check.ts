// Refuses requests for a host that is not ours: a page that points its own name at this address (DNS rebinding) would otherwise
// make a browser speak to the broker as its own site.
import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../config/listen-address.ts';

/** Paths that load balancers and monitors ask by address. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export interface HostCheck {
  /** `peer`: the address of the connection itself, not a forwarded one. */
  allows(request: { host: string | undefined; path: string; peer: string | undefined }): boolean;
}

export function createHostCheck(options: {
  publicUrl: string;
  listenHost: string;
  port: number;
  trustedProxies: readonly string[];
}): HostCheck {
  const hosts = new Set([new URL(options.publicUrl).host]);
  if (isLoopback(options.listenHost)) {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) hosts.add(`${name}:${options.port}`);
  }
  const proxies = new BlockList();
  for (const range of options.trustedProxies) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    proxies.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  }
  const isProxy = (peer: string): boolean => {
    const plain = peer.startsWith('::ffff:') ? peer.slice(7) : peer;
    const family = isIP(plain);
    return family !== 0 && proxies.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    allows({ host, path, peer }) {
      if (host !== undefined && hosts.has(host.toLowerCase())) return true;
      if (OPEN_PATHS.has(path)) return true;
      // A proxy may ask under an inner name; it is not a browser.
      return peer !== undefined && isProxy(peer);
    },
  };
}
