// `net:CIDR` in rules: which of the ranges that rules name an address is in.
import { createAddressRanges } from '../../domain/bounds/address-ranges.ts';

const NET = 'net:';

export interface Networks {
  /** All of them, as rules write them: `net:10.0.0.0/8`. */
  all: readonly string[];
  /** Those that the address is in. */
  of(address: string): readonly string[];
}

/** For how many addresses the answer is kept. */
const MAX_KEPT = 10_000;

/** `tokens`: whatever rules say of people; those that begin with `net:` count. */
export function createNetworks(tokens: Iterable<string>): Networks {
  const named = [...new Set(tokens)].filter((token) => token.startsWith(NET));
  const ranges = named.map((token) => ({ token, range: createAddressRanges([token.slice(NET.length)]) }));
  const kept = new Map<string, readonly string[]>();
  return {
    all: named,
    of(address) {
      const known = kept.get(address);
      if (known !== undefined) return known;
      const found = ranges.filter(({ range }) => range.includes(address)).map(({ token }) => token);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(address, found);
      return found;
    },
  };
}
