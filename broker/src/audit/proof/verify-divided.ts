// A long log is checked in two threads: this one, and another that it has for as long as that takes.
import { Worker } from 'node:worker_threads';
import { availableParallelism } from 'node:os';
import { type ErrorCode, GateError } from 'mcpgate-shared/error';
import { messagesOf } from '../../store/audit/thread-messages.ts';
import type { SpanCheck } from './check-span.ts';
import { checkSpans, createSpanQueue, type FoundInSpan } from './span-queue.ts';
import type { DividedWork } from './verify-log.ts';
import type { VerifyOrder } from './verify-thread.ts';

/** What the other thread is told. */
export interface DividedOrder {
  order: Pick<VerifyOrder, 'source' | 'sealKeys' | 'pems'>;
  work: DividedWork;
  /** Of the queue from which both take. */
  queue: SharedArrayBuffer;
  /** How many rows the other thread has read. */
  rows: SharedArrayBuffer;
}

export type DividedMessage =
  { kind: 'found'; found: readonly FoundInSpan[] } | { kind: 'failed'; code: ErrorCode; message: string };

/** Fewer parts are checked before a thread has begun. */
const FEWEST_SPANS = 3;

const FILE = import.meta.url.endsWith('.ts') ? './verify-beside.ts' : './audit-verify-beside.js';

/** For `verifyLog`. */
export function divideIn(order: DividedOrder['order'], threads = availableParallelism()) {
  return async (work: DividedWork, here: SpanCheck): Promise<readonly FoundInSpan[]> => {
    const queue = createSpanQueue();
    if (threads < 2 || work.spans.length < FEWEST_SPANS) return await checkSpans(work.spans, here, queue);
    const rows = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    let counted = 0;
    const onRows = (count: number): void => {
      const beside = Atomics.load(rows, 0);
      here.onRows(count + beside - counted);
      counted = beside;
    };
    const workerData: DividedOrder = { order, work, queue: queue.memory, rows: rows.buffer };
    const worker = new Worker(new URL(FILE, import.meta.url), {
      ...{ workerData, env: {}, execArgv: [] },
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    try {
      // What it says is kept until it is asked for below: this thread looks at no message while it checks.
      const said = messagesOf(worker, new AbortController().signal);
      const beside = said.next();
      // Where this thread fails first, nobody asks for what ends the other one.
      beside.catch(() => undefined);
      const own = await checkSpans(work.spans, { ...here, onRows }, queue);
      const message = (await beside).value as DividedMessage;
      if (message.kind === 'failed') throw new GateError(message.code, message.message);
      onRows(0);
      return [...own, ...message.found];
    } finally {
      await worker.terminate();
    }
  };
}
