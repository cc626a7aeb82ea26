// The keys by which limits count the addresses of clients. An IPv4 address counts as it is. An IPv6 address counts by its /64 network: a
// provider gives a customer or a machine a /64 at least (RFC 6177), so one client can use 2^64 addresses. An IPv4 address that is written as
// IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address.
import { isIP } from 'node:net';

/** A text that is no address is cut to this length and counts as it is: a proxy may write anything into `X-Forwarded-For`. */
const MAX_CHARS = 64;

/** The key of one address: `192.0.2.1`, or `2001:db8:0:1::/64`. */
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
 * The two networks around an address, the narrower one first, for limits that one client must not get around with many neighbouring addresses.
 * IPv6: its /48, which is what a site is given, and its /32, which is what a provider is given. IPv4: its /24 and its /16.
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
 * The two keys under which a stranger's request waits in a fair queue: `turn`, which takes turns with all others, and `quota`, which has a bounded
 * part of the queue. IPv6: its /48 and its /32, because a site with a /48 has 65,536 of the /64 networks that `addressKey` tells apart. IPv4: the
 * address itself for both, because nobody is given many of them.
 */
export function turnKeys(address: string): { turn: string; quota: string } {
  const key = addressKey(address);
  if (!key.endsWith('::/64')) return { turn: key, quota: key };
  const [turn, quota] = networkKeys(address);
  return { turn, quota };
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
