// How fast passwords may be tried. Nobody is locked out by what others try: who guesses is slowed down, by place and account, ever more; a try
// that comes too early waits for its turn, and is judged then. (NIST SP 800-63B, section 5.2.2: a wait that grows with each failure.)
//
// A place is an address (IPv6: its /64), or a browser that has signed in to the account before. Three things are counted: failures of a
// place at an account; of an address at all accounts; and of an account from everywhere, which bounds guesses from very many addresses. A
// known place is held to the first alone: so however many guess, the person gets in from where they have been before; and one stranger, or
// twenty, do not slow down the person's first try from a place that nobody has failed from.
import type { Clock } from 'mcpgate-shared/clock';
import { addressKey } from '../../domain/address-key.ts';
import { createRecentMap } from '../../domain/recent-map.ts';

export interface SignInTry {
  account: string;
  address: string;
  /** A browser that has signed in to this account before. */
  browser: string | undefined;
  /** The account has been used from this address. */
  knowsAddress: boolean;
}

export type Turn =
  /** The password may be judged now; `right` says that it was the right one. */
  { kind: 'go'; right: () => void } | { kind: 'later'; retryAfterMs: number };

export interface SignInPace {
  /** Waits for the turn where that comes soon. */
  turn(attempt: SignInTry): Promise<Turn>;
}

interface Kind {
  /** Failures that cost nothing. */
  free: number;
  /** The longest time between two tries, after some failures and after very many. */
  capMs: number;
  manyFrom: number;
  manyCapMs: number;
  /** Tries that may wait at a time. */
  waiting: number;
}

const PLACE: Kind = { free: 5, capMs: 8_000, manyFrom: 50, manyCapMs: 30_000, waiting: 2 };
const ADDRESS: Kind = { free: 50, capMs: 8_000, manyFrom: 500, manyCapMs: 30_000, waiting: 4 };
const ACCOUNT: Kind = { free: 100, capMs: 30_000, manyFrom: 500, manyCapMs: 60_000, waiting: 4 };
/** A try waits so long at most; who would wait longer is told to come back. */
const HOLD_MS = 10_000;
const KEEP_MS = 24 * 3_600_000;
/** Places that may have failed at an account before the first try from another one is no longer free. */
const FEW_PLACES = 20;

interface Lane {
  failures: number;
  nextAt: number;
  waiting: number;
  /** Of an account: places that have failed. */
  places: number;
}

export function createSignInPace({ clock }: { clock: Clock }): SignInPace {
  const lanes = createRecentMap<Lane>({ clock, keepMs: KEEP_MS });

  const laneOf = (key: string): Lane => lanes.get(key) ?? { failures: 0, nextAt: 0, waiting: 0, places: 0 };

  function gapMs({ failures }: Lane, { free, capMs, manyFrom, manyCapMs }: Kind): number {
    if (failures < free) return 0;
    return Math.min(failures >= manyFrom ? manyCapMs : capMs, 1000 * 2 ** Math.min(failures - free, 20));
  }

  return {
    async turn({ account, address, browser, knowsAddress }) {
      const from = addressKey(address);
      const placeKey = JSON.stringify(['place', account, browser ?? from]);
      const accountKey = JSON.stringify(['account', account]);
      const place = laneOf(placeKey);
      const everywhere = laneOf(accountKey);
      const isKnown = browser !== undefined || knowsAddress;
      const isFresh = place.failures === 0 && everywhere.places <= FEW_PLACES;
      const held: { key: string; lane: Lane; kind: Kind }[] = [{ key: placeKey, lane: place, kind: PLACE }];
      if (!isKnown) {
        const addressesKey = JSON.stringify(['address', from]);
        held.push({ key: addressesKey, lane: laneOf(addressesKey), kind: ADDRESS });
        if (!isFresh) held.push({ key: accountKey, lane: everywhere, kind: ACCOUNT });
      }

      const now = clock.now();
      const at = Math.max(now, ...held.map(({ lane }) => lane.nextAt));
      const isCrowded = held.some(({ lane, kind }) => lane.waiting >= kind.waiting && lane.nextAt > now);
      if (at - now > HOLD_MS || isCrowded) return { kind: 'later', retryAfterMs: Math.max(1_000, at - now) };

      // It counts as a failure until it is known to be none: many at once are no way around.
      if (place.failures === 0 && !isKnown) everywhere.places += 1;
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
          lanes.delete(placeKey);
          for (const { lane } of held) lane.failures -= 1;
          if (!isKnown && isFresh) everywhere.failures -= 1;
          if (!isKnown) everywhere.places = Math.max(0, everywhere.places - 1);
        },
      };
    },
  };
}
