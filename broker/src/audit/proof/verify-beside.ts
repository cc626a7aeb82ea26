// The other thread that checks a long log: takes part after part from the queue, and says at the end what it has found.
import '../../store/behind-calls.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { chainFinder, openLog } from '../../store/audit/log-reader.ts';
import { readFiledWords } from './found-by.ts';
import { checkSpans, createSpanQueue } from './span-queue.ts';
import { createToldArchives } from './told-archives.ts';
import { proofsOf } from './verdict.ts';
import type { DividedMessage, DividedOrder } from './verify-divided.ts';

const say = (message: DividedMessage): void => parentPort?.postMessage(message);

async function run(): Promise<void> {
  const { order, work, queue: memory, rows } = workerData as DividedOrder;
  const queue = createSpanQueue(memory);
  const read = new Int32Array(rows);
  const log = openLog(order.source);
  try {
    const { chains, spans, statements, until } = work;
    const chainOf = chainFinder(chains);
    const check = {
      ...{ log, chainOf, until, proofs: proofsOf(order) },
      ...{ filed: await readFiledWords(log), told: await createToldArchives(log, statements, chainOf) },
      onRows: (count: number) => void Atomics.add(read, 0, count),
    };
    say({ kind: 'found', found: await checkSpans(spans, check, queue) });
  } catch (error) {
    // A part was not looked at: the other thread need not look at any more.
    queue.wrong(-1);
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message });
  } finally {
    await log.close();
  }
}

void run();
