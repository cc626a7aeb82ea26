// Gauges that are told by one reading of the database.
import { Gauge, type Registry } from 'prom-client';

interface ToldGauge<L extends string> {
  name: `mcpgate_${string}`;
  help: string;
  labelNames: readonly L[];
}

/**
 * The registry reads all its gauges at once, so that what one of them sets into another comes into the next scrape. Therefore each waits here for the
 * reading that they share, and none of them is of an earlier one. `read` empties and sets them all.
 */
export function registerOneReading<N extends string, L extends string>(
  registry: Registry,
  told: Readonly<Record<N, ToldGauge<L>>>,
  read: (gauges: Readonly<Record<N, Gauge<L>>>) => Promise<void>,
): void {
  let reading: Promise<void> | undefined;
  const gauges = {} as Record<N, Gauge<L>>;
  const once = async (): Promise<void> => {
    reading ??= read(gauges).finally(() => (reading = undefined));
    await reading;
  };
  for (const name of Object.keys(told) as N[])
    gauges[name] = new Gauge<L>({ ...told[name], registers: [registry], collect: once });
}
