// Lists of addresses and of ranges of addresses (CIDR), and whether a given address is in one.
import { BlockList, isIP } from 'node:net';

export interface AddressRanges {
  includes(address: string | undefined): boolean;
}

/** `::ffff:192.0.2.1` → `192.0.2.1`: a socket for both families writes IPv4 addresses as IPv6. Other addresses stay as they are. */
export const withoutMapping = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;

/** `ranges`: as in the configuration, `192.0.2.1` or `10.0.0.0/8`. What is no address is in no list. */
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

/** Why the text is neither an address nor a range of them; undefined where it is one. */
export function rangeMistake(text: string): string | undefined {
  const [address = '', prefix] = text.split('/');
  const family = isIP(address);
  if (family === 0) return `${address} is no address`;
  if (prefix !== undefined && Number(prefix) > (family === 4 ? 32 : 128))
    return `/${prefix} is longer than an IPv${family} address`;
  return undefined;
}
