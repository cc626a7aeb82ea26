// Which peers are our reverse proxies, and whose request it is that one of them passes on.
import { BlockList, isIP } from 'node:net';

export interface TrustedProxies {
  readonly ranges: readonly string[];
  includes(address: string | undefined): boolean;
  /** The client's address: the peer itself, or behind proxies of ours the last address that is not one of them. */
  clientAddress(peer: string | undefined, forwardedFor: string | undefined): string;
}

const withoutMapping = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);

export function createTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  }
  const includes = (address: string | undefined): boolean => {
    const bare = withoutMapping(address ?? '');
    const family = isIP(bare);
    return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    ranges,
    includes,
    clientAddress(peer, forwardedFor) {
      let client = withoutMapping(peer ?? 'unknown');
      for (const hop of (forwardedFor ?? '').split(',').toReversed()) {
        const address = hop.trim();
        if (!includes(client) || isIP(withoutMapping(address)) === 0) break;
        client = withoutMapping(address);
      }
      return client;
    },
  };
}
