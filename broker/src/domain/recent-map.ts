// A map of what was seen lately, for keys that strangers make up: it holds two generations, the older of which goes when the younger is full
// or old. So it is bounded in number, and forgets nothing before its time unless very many others came in between.
import type { Clock } from 'mcpgate-shared/clock';

export interface RecentMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  readonly size: number;
}

/** Longer keys than this are nobody's: the rest of them does not count. */
const MAX_KEY_CHARS = 256;

/** What was set is kept for `keepMs` at least, and twice that at most, within `2 * maxKeys` keys. */
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
