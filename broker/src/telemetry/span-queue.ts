// Spans wait here until they are sent, a few hundred at a time. There is room for so many; what has no room, or is refused, is counted and let go. The log is what
// loses nothing: a trace is to be seen soon, or not at all.
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../domain/log.ts';
import { pauseMs } from '../deliveries/back-off.ts';
import { resourceOf } from '../net/otlp/otlp-values.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { LaterSpan } from './spans.ts';

export interface SpanCounts {
  sent: number;
  dropped: number;
  waiting: number;
}

export interface SpanQueue {
  take(span: LaterSpan): void;
  readonly counts: SpanCounts;
  /** Sends what there is, once, and takes no more. */
  close(): Promise<void>;
}

const MOST_WAITING = 4_096;
const AT_ONCE = 256;
const DELAY_MS = 1_000;

export function createSpanQueue(options: {
  receiver: OtlpReceiver;
  clock: Pick<Clock, 'now' | 'after'>;
  log: Pick<Log, 'warn' | 'info'>;
  version: string;
  host: string;
  random?: () => number;
}): SpanQueue {
  const { receiver, clock, log, version, host, random = Math.random } = options;
  const waiting: LaterSpan[] = [];
  const counts = { sent: 0, dropped: 0 };
  let running: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let tries = 0;
  let isClosed = false;

  function later(ms: number): void {
    if (isClosed || cancel !== undefined) return;
    cancel = clock.after(ms, () => {
      cancel = undefined;
      running ??= send().finally(() => {
        running = undefined;
        if (waiting.length > 0) later(DELAY_MS);
      });
    });
  }

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, AT_ONCE);
      const scopeSpans = [{ scope: { name: 'mcpgate', version }, spans: spans.map((span) => span()) }];
      const posted = await receiver.post('traces', {
        resourceSpans: [{ resource: resourceOf({ version, host }), scopeSpans }],
      });
      if (posted.kind === 'taken') {
        counts.sent += spans.length;
        if (tries > 0) log.info({}, 'traces are taken again');
        tries = 0;
        continue;
      }
      if (tries === 0) log.warn({ why: posted.why }, 'traces are not taken');
      tries += 1;
      if (posted.kind === 'lost' || isClosed) counts.dropped += spans.length;
      else {
        waiting.unshift(...spans);
        dropBeyond();
      }
      if (isClosed) return;
      return later(pauseMs(tries - 1, posted.kind === 'again' ? posted.afterMs : undefined, random()));
    }
  }

  /** The oldest go first. */
  function dropBeyond(): void {
    const over = waiting.length - MOST_WAITING;
    if (over <= 0) return;
    waiting.splice(0, over);
    counts.dropped += over;
  }

  return {
    take(span) {
      if (isClosed) return;
      waiting.push(span);
      if (waiting.length > MOST_WAITING) dropBeyond();
      if (cancel === undefined && running === undefined) later(DELAY_MS);
    },
    get counts() {
      return { ...counts, waiting: waiting.length };
    },
    async close() {
      isClosed = true;
      cancel?.();
      await running;
      await send();
      counts.dropped += waiting.splice(0).length;
    },
  };
}
