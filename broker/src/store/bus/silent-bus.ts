// The bus over SQLite, whose database only one broker uses: there are no other brokers to tell or to hear.
import type { Bus } from '../../domain/bus.ts';

export function createSilentBus(): Bus {
  return {
    open: () => Promise.resolve(),
    publish: () => Promise.resolve(),
    listen: () => () => undefined,
    others: () => [],
    silent: () => [],
  };
}
