// Notices that the computer has slept, by a timer of one second that fires much later.
import type { Clock } from 'mcpgate-shared/clock';

const TICK_MS = 1_000;
const SLEPT_MS = 4_000;

/** Returns a function that stops the watch. */
export function watchSleep(clock: Clock, onWoken: () => void): () => void {
  let cancel: () => void = () => undefined;
  const tick = () => {
    const setAt = clock.now();
    cancel = clock.after(TICK_MS, () => {
      if (clock.now() - setAt > SLEPT_MS) onWoken();
      tick();
    });
  };
  tick();
  return () => cancel();
}
