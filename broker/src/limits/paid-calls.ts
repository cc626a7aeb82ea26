// Calls that have taken of their allowances, and whose server has asked the client for more: the next round of such a call takes nothing. Modern
// clients (2026-07-28) send each round as a request of its own, to any broker, so what was paid for stands in the store, beside what was used.
// Each is taken up by one round, so that a round which is made twice takes anew.
import { createHash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { LimitOf } from '../policy/verdict.ts';
import type { LimitKey, Store, Use } from '../store/store.ts';

export interface PaidCall {
  workspaceId: string;
  /** The same of all rounds of a call, and of no other call: who makes it, where, of what, with which arguments. */
  identity: string;
  /** What it has taken. Where a rule is another one by now, nothing was paid for that. */
  limits: readonly LimitOf[];
}

export interface PaidCalls {
  /** Says how many more rounds it may have. */
  keep(call: PaidCall, roundsLeft: number): Promise<void>;
  /** Takes one up: how many more rounds it may have after this one. Undefined: there is none. */
  resume(call: PaidCall): Promise<number | undefined>;
}

/** As long as a parked call waits for its client. */
const KEPT_MS = 10 * 60_000;
/** Of the same call; each of them was paid for. */
const MOST_KEPT = 100;
/** No limit of a rule stands there. */
const PLACE = -1;

export function createPaidCalls(store: Pick<Store, 'limits'>, clock: Pick<Clock, 'now'>): PaidCalls {
  /** The row holds when the time of each is over, and how many rounds it has left. */
  const changing = (work: (kept: readonly Use[]) => Use[]) => (uses: readonly Use[]) => {
    const kept = work(uses.filter(([overAt]) => overAt > clock.now()));
    return { uses: kept, overAt: Math.max(clock.now(), ...kept.map(([overAt]) => overAt)) };
  };

  return {
    keep: (call, roundsLeft) =>
      store.limits.change(
        keyOf(call),
        changing((kept) => [...kept.slice(1 - MOST_KEPT), [clock.now() + KEPT_MS, roundsLeft]]),
      ),
    async resume(call) {
      let roundsLeft: number | undefined;
      const take = changing(([first, ...others]) => {
        roundsLeft = first && first[1] - 1;
        return others;
      });
      // Anybody may say of any call that it is a further round.
      await store.limits.changeKnown(keyOf(call), take);
      return roundsLeft;
    },
  };
}

function keyOf({ workspaceId, identity, limits }: PaidCall): LimitKey {
  const subject = createHash('sha256')
    .update(JSON.stringify([identity, limits]))
    .digest('hex');
  return { workspaceId, rule: limits[0]?.rule ?? '', place: PLACE, subject };
}
