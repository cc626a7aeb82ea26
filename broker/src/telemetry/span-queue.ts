// Calls that have ended are in memory for a moment, until their spans are sent, a few hundred at a time. They stand in the database meanwhile, beside their
// outcomes, and go from there once the collector has the spans, or the deliveries have where it does not take them (docs/decisions/telemetry.md).
import type { Clock } from 'mcpgate-shared/clock';
import { pauseMs } from '../deliveries/back-off.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../store/store.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { KeptSpans } from './kept-spans.ts';
import { exportOf, spanCount, type CallFacts, type SpanMaker } from './span-facts.ts';
import type { EndedCall } from './spans.ts';

export interface SpanCounts {
  sent: number;
  dropped: number;
  /** In memory. */
  waiting: number;
}

export interface SpanQueue {
  /** What there is no room for is left in the database. */
  take(call: EndedCall): void;
  /** Whether they are in memory, or on their way. */
  isHeld(row: EndedCall['row']): boolean;
  readonly counts: SpanCounts;
  /** Sends what there is, once, keeps what is not taken, and takes no more. */
  close(): Promise<void>;
}

const MOST_WAITING = 4_096;
const AT_ONCE = 256;
const DELAY_MS = 1_000;

const placeOf = ({ chain, seq }: EndedCall['row']): string => `${chain}#${seq}`;

export function createSpanQueue(options: {
  receiver: Pick<OtlpReceiver, 'postText'>;
  kept: KeptSpans;
  store: Pick<Store['callSpans'], 'remove'>;
  clock: Pick<Clock, 'now' | 'after'>;
  log: Pick<Log, 'warn' | 'info'>;
  maker: SpanMaker;
  random?: () => number;
}): SpanQueue {
  const { receiver, kept, store, clock, log, maker, random = Math.random } = options;
  const waiting: EndedCall[] = [];
  const held = new Set<string>();
  const counts = { sent: 0, dropped: 0, waiting: 0 };
  let running: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  /** How often it was not taken, one after the other, and when it is asked again. */
  let tries = 0;
  let againAt = 0;
  let isClosed = false;

  const stopHearing = kept.onTried(({ spans, kind }) => {
    if (kind === 'arrived') taken(spans);
    else counts.dropped += spans;
  });

  function taken(spans: number): void {
    counts.sent += spans;
    if (tries > 0) log.info({}, 'traces are taken again');
    tries = 0;
    againAt = 0;
  }

  function later(): void {
    if (isClosed || cancel !== undefined) return;
    cancel = clock.after(DELAY_MS, () => {
      cancel = undefined;
      running ??= send().finally(() => {
        running = undefined;
        if (waiting.length > 0) later();
      });
    });
  }

  function nextPiece(): EndedCall[] {
    let spans = 0;
    const end = waiting.findIndex(({ facts }) => (spans += spanCount([facts])) >= AT_ONCE);
    return waiting.splice(0, end === -1 ? waiting.length : end + 1);
  }

  /** Hands a piece on: to the collector, or to the deliveries. Rejects where that was not possible now. */
  async function handOn(calls: readonly CallFacts[]): Promise<void> {
    const [document, spans] = [exportOf(maker, calls), spanCount(calls)];
    // A collector that is away, or hangs, is not asked for each of them.
    const posted = clock.now() < againAt ? undefined : await receiver.postText('traces', document);
    if (posted?.kind === 'taken') return taken(spans);
    if (posted !== undefined) {
      if (tries === 0) log.warn({ why: posted.why }, 'traces are not taken');
      const asked = posted.kind === 'again' ? posted.afterMs : undefined;
      againAt = clock.now() + pauseMs(tries, asked, random());
      tries += 1;
    }
    if (posted?.kind !== 'lost') return await kept.put(document, spans);
    againAt = 0; // what it does not take is another matter with the next
    counts.dropped += spans;
  }

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const piece = nextPiece();
      const calls = piece.map(({ facts }) => facts);
      const spans = spanCount(calls);
      try {
        await handOn(calls);
        for (const [chain, rows] of Map.groupBy(piece, ({ row }) => row.chain))
          await store.remove(
            chain,
            rows.map(({ row }) => row.seq),
          );
      } catch (error) {
        log.warn({ err: error, spans }, 'traces stay in the database, and are sent from there');
      }
      counts.waiting -= spans;
      for (const { row } of piece) held.delete(placeOf(row));
    }
  }

  return {
    take(call) {
      if (isClosed || counts.waiting >= MOST_WAITING) return;
      waiting.push(call);
      held.add(placeOf(call.row));
      counts.waiting += spanCount([call.facts]);
      if (cancel === undefined && running === undefined) later();
    },
    isHeld: (row) => held.has(placeOf(row)),
    get counts() {
      return { ...counts };
    },
    async close() {
      isClosed = true;
      cancel?.();
      await running;
      await send();
      stopHearing();
    },
  };
}
