// The bus of a database that one broker has for itself: there is nobody to tell.
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
