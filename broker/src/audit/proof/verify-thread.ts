// Has the log verified in a thread of its own.
import { Worker } from 'node:worker_threads';
import { type ErrorCode, GateError } from 'mcpgate-shared/error';
import { messagesOf, threadError } from '../../store/audit/thread-messages.ts';
import type { LogSource } from '../../store/audit/log-connection.ts';
import type { ArchiveFiles } from '../archive/check-archives.ts';
import type { Claim } from './check-span.ts';
import type { Checkpoint } from './statement.ts';
import type { ProofKeys, Verdict } from './verdict.ts';

export interface VerifyOrder extends ProofKeys {
  source: LogSource;
  since: number | undefined;
  until: number | undefined;
  checkpoints: readonly Checkpoint[];
  claims: readonly Claim[];
  /** The files that are to be looked at, too; undefined: none. */
  archives: ArchiveFiles | undefined;
}

export type VerifyMessage =
  | { kind: 'progress'; rows: number; of: number }
  | { kind: 'verdict'; verdict: Verdict }
  | { kind: 'failed'; code: ErrorCode; message: string };

const FILE = import.meta.url.endsWith('.ts') ? './verify-worker.ts' : './audit-verify-worker.js';

/** Says how far it is, and at the end what was found. Ends the thread where nobody listens any more. Throws what kept it from reading the log. */
export async function* verifyInThread(
  order: VerifyOrder,
  signal: AbortSignal,
): AsyncGenerator<Exclude<VerifyMessage, { kind: 'failed' }>> {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    ...{ workerData: order, env: {}, execArgv: [] },
    // Texts of rows live for a moment: with more room they are thrown away more rarely.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  try {
    for await (const said of messagesOf(worker, signal)) {
      const message = said as VerifyMessage;
      if (message.kind === 'failed') throw threadError(message);
      yield message;
      if (message.kind === 'verdict') return;
    }
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError('internal', 'the thread that verified the log ended before its end', { cause: error });
  } finally {
    await worker.terminate();
  }
}
