// Spans that stand in the database and that no broker sends: of a broker that was killed before it had sent them, and what this one had no room for. What
// was there at the look before, and is not this broker's to send, goes the way of spans that a collector did not take.
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../domain/log.ts';
import type { KeptBesideRow } from '../store/repositories/call-spans.ts';
import type { Store } from '../store/store.ts';
import type { KeptSpans } from './kept-spans.ts';
import { exportOf, readFacts, spanCount, type CallFacts } from './span-facts.ts';
import type { EndedCall } from './spans.ts';

export interface LeftSpans {
  /** Begins to look. */
  start(): void;
  /** Looks once. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** A broker that is alive has sent what it has, or keeps it where it was not taken, long before it was looked for twice. */
const LOOK_MS = 15_000;
/** So many calls are in a piece. */
const AT_ONCE = 128;

export function createLeftSpans(options: {
  store: Store['callSpans'];
  kept: Pick<KeptSpans, 'put'>;
  /** Whether this broker has them in memory. */
  isHeld: (row: EndedCall['row']) => boolean;
  clock: Pick<Clock, 'after'>;
  log: Pick<Log, 'warn'>;
}): LeftSpans {
  const { store, kept, isHeld, clock, log } = options;
  /** How far the chains had spans at the last look. */
  let seen: ReadonlyMap<string, number> = new Map();
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let isClosed = false;

  async function take(chain: string, rows: readonly KeptBesideRow[]): Promise<void> {
    const [first, last] = [rows[0]?.seq, rows.at(-1)?.seq];
    if (first === undefined || last === undefined) return;
    const calls: CallFacts[] = [];
    for (const { seq, spans } of rows) {
      try {
        calls.push(readFacts(spans));
      } catch (error) {
        log.warn({ err: error, chain, seq }, 'spans of a call are not as they were written, and are let go');
      }
    }
    // Several brokers may find the same: under this id it is put in once.
    const id = `${chain}#${first}-${last}`;
    const maker = calls[0]?.maker; // a chain is of one broker
    if (maker !== undefined) await kept.put(exportOf(maker, calls), spanCount(calls), id);
    await store.remove(
      chain,
      rows.map(({ seq }) => seq),
    );
  }

  async function look(): Promise<void> {
    const before = seen;
    seen = new Map((await store.ends()).map(({ chain, seq }) => [chain, seq]));
    for (const [chain, upTo] of before) {
      if (!seen.has(chain)) continue;
      for (let after = -1; !isClosed;) {
        const rows = await store.of(chain, { after, upTo }, AT_ONCE);
        const last = rows.at(-1);
        if (last === undefined) break;
        after = last.seq;
        await take(
          chain,
          rows.filter(({ seq }) => !isHeld({ chain, seq })),
        );
      }
    }
  }

  function later(): void {
    running = look()
      .catch((error: unknown) => log.warn({ err: error }, 'spans that were left could not be looked for'))
      .finally(() => {
        running = undefined;
        if (!isClosed) cancel = clock.after(LOOK_MS, later);
      });
  }

  return {
    start: later,
    look,
    async close() {
      isClosed = true;
      cancel?.();
      await running;
    },
  };
}
