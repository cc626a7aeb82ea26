// The laptops of a rush, in a process of their own: what they do must not slow down what is measured. Told by IPC where to go, it says how many
// are there.
import { openRushLaptop } from './rush-laptop.ts';

export interface CrowdOrder {
  broker: string;
  tokens: readonly string[];
}

/** `lost`: so often one was lost since the start; `changedAt`: when that was so last, ms since the epoch. */
export interface CrowdCount {
  live: number;
  lost: number;
  changedAt: number;
}

/** They come to work one after the other. */
const PER_TICK = 10;
const TICK_MS = 50;

process.once('message', (order: CrowdOrder) => {
  const live = new Set<string>();
  let lost = 0;
  let changedAt = Date.now();
  const left = [...order.tokens];
  setInterval(() => {
    for (const token of left.splice(0, PER_TICK)) {
      openRushLaptop({
        broker: order.broker,
        token,
        onLive() {
          live.add(token);
          changedAt = Date.now();
        },
        onLost() {
          live.delete(token);
          lost += 1;
          changedAt = Date.now();
        },
      });
    }
    process.send?.({ live: live.size, lost, changedAt } satisfies CrowdCount);
  }, TICK_MS);
});
process.once('disconnect', () => process.exit());
