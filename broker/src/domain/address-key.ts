// What an address is counted by: IPv4 as it is, IPv6 by its /64, which is what one customer or machine is given (RFC 6177): whoever has one
// has 2^64 addresses. An IPv4 address that is written as IPv6, however, is the IPv4 address.
import { isIP } from 'node:net';

/** Of what is no address: a proxy may say anything. */
const MAX_CHARS = 64;

export function addressKey(address: string): string {
  const plain = address.split('%', 1)[0] ?? '';
  if (isIP(plain) !== 6) return plain.slice(0, MAX_CHARS);
  const groups = groupsOf(plain);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * The networks that an address is counted by besides, from the narrower to the wider one: whoever is given many addresses is given them
 * together. IPv6 its /48, which is what a site is given, and its /32, which is what a provider is; IPv4 its /24 and /16.
 */
export function networkKeys(address: string): readonly [string, string] {
  const key = addressKey(address);
  if (key.endsWith('::/64')) {
    const groups = key.slice(0, -'::/64'.length).split(':');
    return [`${groups.slice(0, 3).join(':')}::/48`, `${groups.slice(0, 2).join(':')}::/32`];
  }
  if (isIP(key) !== 4) return [key, key];
  const parts = key.split('.');
  return [`${parts.slice(0, 3).join('.')}.0/24`, `${parts.slice(0, 2).join('.')}.0.0/16`];
}

/**
 * Where strangers wait for their turns: whose turn it is, and what has a bounded part of the room. IPv6 by its /48 and its /32: whoever is
 * given a /48 has 65,536 of what `addressKey` tells apart. Nobody is given many addresses of IPv4.
 */
export function turnKeys(address: string): { turn: string; room: string } {
  const key = addressKey(address);
  if (!key.endsWith('::/64')) return { turn: key, room: key };
  const [turn, room] = networkKeys(address);
  return { turn, room };
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const first = read(head);
  const last = tail === undefined ? [] : read(tail);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}
