// Has the log verified in a thread of its own.
import { Worker } from 'node:worker_threads';
import { type ErrorCode, GateError } from 'mcpgate-shared/error';
import type { LogSource } from '../../store/audit/log-connection.ts';
import type { ArchiveFiles } from '../archive/check-archives.ts';
import type { Checkpoint } from './statement.ts';
import type { Verdict } from './verdict.ts';

export interface VerifyOrder {
  source: LogSource;
  /** By their ids. */
  sealKeys: Record<string, Uint8Array>;
  pems: Record<string, string>;
  since: number | undefined;
  until: number | undefined;
  checkpoints: readonly Checkpoint[];
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
  const messages: VerifyMessage[] = [];
  let over: { error: Error | undefined } | undefined;
  let wake = (): void => undefined;
  worker.on('message', (message: VerifyMessage) => {
    messages.push(message);
    wake();
  });
  worker.on('error', (error) => {
    over = { error: error instanceof Error ? error : new Error(String(error)) };
    wake();
  });
  worker.on('exit', () => {
    over ??= { error: undefined };
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const message = messages.shift();
      if (message?.kind === 'failed') throw new GateError(message.code, message.message);
      if (message !== undefined) {
        yield message;
        if (message.kind === 'verdict') return;
      } else if (over !== undefined) {
        const text = 'the thread that verified the log ended before its end';
        throw new GateError('internal', text, { cause: over.error });
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
