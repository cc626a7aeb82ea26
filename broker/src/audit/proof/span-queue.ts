// Parts of chains that one or more threads check: each takes the next one, until there is none or one before it was found to be wrong.
import { checkSpan, type ChainSpan, type CheckedSpan, type SpanCheck } from './check-span.ts';

export interface FoundInSpan {
  /** Of the part, in the order of the log. */
  index: number;
  found: CheckedSpan;
}

export interface SpanQueue {
  /** In memory that threads share. */
  readonly memory: SharedArrayBuffer;
  /** The index of the next part; it may be behind the last one. Undefined where nobody asks for it any more. */
  take(): number | undefined;
  /** Parts behind this one are not asked for any more. */
  wrong(index: number): void;
}

const [NEXT, FIRST_WRONG] = [0, 1];
const NONE = 0x7f_ff_ff_ff;

/** `memory`: of a queue in another thread. */
export function createSpanQueue(memory?: SharedArrayBuffer): SpanQueue {
  const cells = new Int32Array(memory ?? new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  if (memory === undefined) Atomics.store(cells, FIRST_WRONG, NONE);
  return {
    memory: cells.buffer,
    take() {
      const index = Atomics.add(cells, NEXT, 1);
      return index > Atomics.load(cells, FIRST_WRONG) ? undefined : index;
    },
    wrong(index) {
      for (let known = Atomics.load(cells, FIRST_WRONG); index < known;) {
        const before = Atomics.compareExchange(cells, FIRST_WRONG, known, index);
        if (before === known) return;
        known = before;
      }
    },
  };
}

/** What this thread has found. */
export async function checkSpans(
  spans: readonly ChainSpan[],
  check: SpanCheck,
  queue: SpanQueue,
): Promise<FoundInSpan[]> {
  const all: FoundInSpan[] = [];
  for (;;) {
    const index = queue.take();
    const span = index === undefined ? undefined : spans[index];
    if (index === undefined || span === undefined) return all;
    const found = await checkSpan(span, check);
    all.push({ index, found });
    if (found.fault !== undefined) queue.wrong(index);
  }
}
