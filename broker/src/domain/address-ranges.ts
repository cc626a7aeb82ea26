// Addresses and ranges of addresses (CIDR), and whether one is among them.
import { BlockList, isIP } from 'node:net';

export interface AddressRanges {
  includes(address: string | undefined): boolean;
}

/** An IPv4 address as IPv4, also where a socket for both families writes it as IPv6. */
export const withoutMapping = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;

export function createAddressRanges(ranges: readonly string[]): AddressRanges {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  }
  return {
    includes(address) {
      const bare = withoutMapping(address ?? '');
      const family = isIP(bare);
      return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}
