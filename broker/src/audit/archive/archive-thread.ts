// Has an archive made in a thread of its own.
import { Worker } from 'node:worker_threads';
import { GateError } from 'mcpgate-shared/error';
import { messagesOf } from '../../store/audit/thread-messages.ts';
import type { ArchiveMessage, ArchiveOrder } from './archive-order.ts';

const FILE = import.meta.url.endsWith('.ts') ? './archive-worker.ts' : './audit-archive-worker.js';

export type ArchiveStep = Exclude<ArchiveMessage, { kind: 'failed' }>;

/** Throws what kept it from being made; the file that was begun may be there then. Ends without a word where the signal is aborted. */
export async function* archiveInThread(order: ArchiveOrder, signal: AbortSignal): AsyncGenerator<ArchiveStep> {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    ...{ workerData: order, env: {}, execArgv: [] },
    resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 192 },
  });
  try {
    for await (const message of messagesOf(worker, signal)) {
      const said = message as ArchiveMessage | { kind: 'end' };
      if (said.kind === 'end') return;
      if (said.kind === 'failed') throw new GateError(said.code, said.message);
      yield said;
    }
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError('internal', 'the thread that archives the log ended before its end', { cause: error });
  } finally {
    await worker.terminate();
  }
}
