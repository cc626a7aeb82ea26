// Spans wait here until they are sent, a few hundred at a time: for a moment in memory, and where the collector does not take them, in the database,
// where they outlive this broker (docs/decisions/telemetry.md). Calls never wait for it: while nothing has failed nothing is written.
import type { Clock } from 'mcpgate-shared/clock';
import { pauseMs } from '../deliveries/back-off.ts';
import type { Log } from '../domain/log.ts';
import { resourceOf } from '../net/otlp/otlp-values.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { KeptSpans } from './kept-spans.ts';
import type { LaterSpan } from './spans.ts';

export interface SpanCounts {
  sent: number;
  dropped: number;
  /** In memory. */
  waiting: number;
}

export interface SpanQueue {
  take(span: LaterSpan): void;
  readonly counts: SpanCounts;
  /** Sends what there is, once, keeps what is not taken, and takes no more. */
  close(): Promise<void>;
}

const MOST_WAITING = 4_096;
const AT_ONCE = 256;
const DELAY_MS = 1_000;

export function createSpanQueue(options: {
  receiver: OtlpReceiver;
  kept: KeptSpans;
  clock: Pick<Clock, 'now' | 'after'>;
  log: Pick<Log, 'warn' | 'info'>;
  version: string;
  host: string;
  random?: () => number;
}): SpanQueue {
  const { receiver, kept, clock, log, version, host, random = Math.random } = options;
  const waiting: LaterSpan[] = [];
  const counts = { sent: 0, dropped: 0 };
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

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, AT_ONCE);
      const scopeSpans = [{ scope: { name: 'mcpgate', version }, spans: spans.map((span) => span()) }];
      const document = { resourceSpans: [{ resource: resourceOf({ version, host }), scopeSpans }] };
      // A collector that is away, or hangs, is not asked for each of them.
      const posted = clock.now() < againAt ? undefined : await receiver.post('traces', document);
      if (posted?.kind === 'taken') {
        taken(spans.length);
        continue;
      }
      if (posted !== undefined) {
        if (tries === 0) log.warn({ why: posted.why }, 'traces are not taken');
        const asked = posted.kind === 'again' ? posted.afterMs : undefined;
        againAt = clock.now() + pauseMs(tries, asked, random());
        tries += 1;
      }
      if (posted?.kind === 'lost') {
        againAt = 0; // what it does not take is another matter with the next
        counts.dropped += spans.length;
        continue;
      }
      try {
        await kept.put(document, spans.length);
      } catch (error) {
        counts.dropped += spans.length;
        log.warn({ err: error, spans: spans.length }, 'traces could not be kept, and are let go');
      }
    }
  }

  return {
    take(span) {
      if (isClosed) return;
      waiting.push(span);
      const over = waiting.length - MOST_WAITING;
      if (over > 0) counts.dropped += waiting.splice(0, over).length; // the oldest go first
      if (cancel === undefined && running === undefined) later();
    },
    get counts() {
      return { ...counts, waiting: waiting.length };
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
