// Measures by how much the event loop of this process runs late, over the last whole minute.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopDelay {
  /** In ms. Before the first minute is over, of the time since the start. */
  read(): { p50: number; p99: number; max: number };
  stop(): void;
}

const RESOLUTION_MS = 10;
const PERIOD_MS = 60_000;
const NS_PER_MS = 1e6;

export function watchEventLoopDelay(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // The histogram holds the time between two ticks of a timer, of which the timer's own interval is no delay.
  const delayMs = (ns: number) => Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 100) / 100);
  const now = () => ({
    p50: delayMs(histogram.percentile(50)),
    p99: delayMs(histogram.percentile(99)),
    max: delayMs(histogram.max),
  });
  let whole: ReturnType<typeof now> | undefined;
  const timer = setInterval(() => {
    whole = now();
    histogram.reset();
  }, PERIOD_MS).unref();
  return {
    read: () => whole ?? now(),
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
