// How fast passwords may be tried. Nobody is locked out by what others try. Instead each source of failed tries is slowed down, more with each
// failure; a try that comes too early waits for its turn, and is judged then (NIST SP 800-63B, section 5.2.2).
//
// A source is an address (IPv6: its /64), or a browser that has signed in to the account before. Three counts are kept: the failures of a source at
// one account, the failures of an address at all accounts, and the failures at an account from all sources, which bounds guesses from very many
// addresses. A source that the account knows (that browser, or an address of the person's devices) is held to the first count alone, so the
// person gets in from there however many others guess. And failures from up to twenty sources do not slow down the person's first try from a
// source that has not failed yet.
import type { Clock } from 'mcpgate-shared/clock';
import { addressKey } from '../../domain/bounds/address-key.ts';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';

export interface SignInTry {
  account: string;
  address: string;
  /** A browser that has signed in to this account before. */
  browser: string | undefined;
  /** One of the account's devices has logged in from this address. */
  knowsAddress: boolean;
}

export type Turn =
  /** The password may be checked now. The caller calls `right` where it was the right one. */
  { kind: 'go'; right: () => void } | { kind: 'later'; retryAfterMs: number };

export interface SignInPace {
  /** Resolves when the try may be judged, after a wait of up to ten seconds; or at once with `later`, where the wait would be longer. */
  turn(attempt: SignInTry): Promise<Turn>;
}

interface Kind {
  /** How many failures cause no wait yet. */
  free: number;
  /** The longest time between two tries, after some failures and after very many. */
  capMs: number;
  manyFrom: number;
  manyCapMs: number;
  /** How many tries may wait at a time. */
  waiting: number;
}

const SOURCE: Kind = { free: 5, capMs: 8_000, manyFrom: 50, manyCapMs: 30_000, waiting: 2 };
const ADDRESS: Kind = { free: 50, capMs: 8_000, manyFrom: 500, manyCapMs: 30_000, waiting: 4 };
const ACCOUNT: Kind = { free: 100, capMs: 30_000, manyFrom: 500, manyCapMs: 60_000, waiting: 4 };
/** The longest time that a try waits; one that would wait longer is refused, and told when to come back. */
const HOLD_MS = 10_000;
const KEEP_MS = 24 * 3_600_000;
/** How many sources may have failed at an account before the first try of another source has to wait too. */
const FEW_SOURCES = 20;

/** A count of failures, and when the next try under it may be judged. */
interface Lane {
  failures: number;
  nextAt: number;
  waiting: number;
  /** For the count of an account: how many sources have failed at it. */
  sources: number;
}

export function createSignInPace({ clock }: { clock: Clock }): SignInPace {
  const lanes = createRecentMap<Lane>({ clock, keepMs: KEEP_MS });

  const laneOf = (key: string): Lane => lanes.get(key) ?? { failures: 0, nextAt: 0, waiting: 0, sources: 0 };

  function gapMs({ failures }: Lane, { free, capMs, manyFrom, manyCapMs }: Kind): number {
    if (failures < free) return 0;
    return Math.min(failures >= manyFrom ? manyCapMs : capMs, 1000 * 2 ** Math.min(failures - free, 20));
  }

  return {
    async turn({ account, address, browser, knowsAddress }) {
      const from = addressKey(address);
      const sourceKey = JSON.stringify(['source', account, browser ?? from]);
      const accountKey = JSON.stringify(['account', account]);
      const source = laneOf(sourceKey);
      const everywhere = laneOf(accountKey);
      const isKnown = browser !== undefined || knowsAddress;
      const isFresh = source.failures === 0 && everywhere.sources <= FEW_SOURCES;
      const held: { key: string; lane: Lane; kind: Kind }[] = [{ key: sourceKey, lane: source, kind: SOURCE }];
      if (!isKnown) {
        const addressesKey = JSON.stringify(['address', from]);
        held.push({ key: addressesKey, lane: laneOf(addressesKey), kind: ADDRESS });
        if (!isFresh) held.push({ key: accountKey, lane: everywhere, kind: ACCOUNT });
      }

      const now = clock.now();
      const at = Math.max(now, ...held.map(({ lane }) => lane.nextAt));
      const isCrowded = held.some(({ lane, kind }) => lane.waiting >= kind.waiting && lane.nextAt > now);
      if (at - now > HOLD_MS || isCrowded) return { kind: 'later', retryAfterMs: Math.max(1_000, at - now) };

      // A try counts as a failure until its password proves right, so that many tries at once are no way around the counts.
      if (source.failures === 0 && !isKnown) everywhere.sources += 1;
      if (!isKnown && isFresh) everywhere.failures += 1;
      for (const { lane, kind } of held) {
        lane.failures += 1;
        lane.nextAt = at + gapMs(lane, kind);
      }
      for (const { key, lane } of held) lanes.set(key, lane);
      if (!isKnown) lanes.set(accountKey, everywhere);

      if (at > now) {
        for (const { lane } of held) lane.waiting += 1;
        await new Promise<void>((resolve) => clock.after(at - now, resolve));
        for (const { lane } of held) lane.waiting -= 1;
      }
      return {
        kind: 'go',
        right() {
          lanes.delete(sourceKey);
          for (const { lane } of held) lane.failures -= 1;
          if (!isKnown && isFresh) everywhere.failures -= 1;
          if (!isKnown) everywhere.sources = Math.max(0, everywhere.sources - 1);
        },
      };
    },
  };
}
