// A map that forgets, for keys that strangers can make up (addresses, account names, tokens). It holds two maps, a young and an old one; when the
// young one is full or old enough, it becomes the old one, and the old one is dropped. So the number of keys is bounded, and a key is forgotten
// before its time only where very many others were set after it.
import type { Clock } from 'mcpgate-shared/clock';

export interface RecentMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  readonly size: number;
}

/** Longer keys are cut: no real key is as long, and a stranger's must not take more memory. */
const MAX_KEY_CHARS = 256;

/** Keeps each value for `keepMs` at least and twice that at most, and `2 * maxKeys` keys at most. */
export function createRecentMap<Value>(options: {
  clock: Pick<Clock, 'now'>;
  keepMs: number;
  maxKeys?: number;
}): RecentMap<Value> {
  const { clock, keepMs, maxKeys = 20_000 } = options;
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let since = clock.now();

  function age(): void {
    const elapsed = clock.now() - since;
    if (young.size < maxKeys && elapsed < keepMs) return;
    old = elapsed >= 2 * keepMs ? new Map() : young;
    young = new Map();
    since = clock.now();
  }

  return {
    get(key) {
      age();
      const short = key.slice(0, MAX_KEY_CHARS);
      return young.get(short) ?? old.get(short);
    },
    set(key, value) {
      age();
      young.set(key.slice(0, MAX_KEY_CHARS), value);
    },
    delete(key) {
      young.delete(key.slice(0, MAX_KEY_CHARS));
      old.delete(key.slice(0, MAX_KEY_CHARS));
    },
    get size() {
      return young.size + old.size;
    },
  };
}
