// What a thread says, message by message.
import type { Worker } from 'node:worker_threads';
import { GateError, type ErrorCode } from 'mcpgate-shared/error';
import { HostError } from '../../domain/public-message.ts';

/** What a thread says of its failure. Where it could not use the database, that names host and file, which are for the operators of the host alone. */
export function threadError({ code, message }: { code: ErrorCode; message: string }): GateError {
  return code === 'unavailable' ? new HostError(code, message) : new GateError(code, message);
}

/**
 * Ends where the signal is aborted. Throws what ended the thread. No promise outlives a message: one that is raced with each of them would keep all of
 * them in memory.
 */
export async function* messagesOf(worker: Worker, signal: AbortSignal): AsyncGenerator {
  const messages: unknown[] = [];
  let over: Error | undefined;
  let wake = (): void => undefined;
  const end = (error: Error): void => {
    over ??= error;
    wake();
  };
  worker.on('message', (message: unknown) => {
    messages.push(message);
    wake();
  });
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => end(new Error(`the thread ended (${code})`)));
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (messages.length > 0) yield messages.shift();
      else if (over !== undefined) throw over;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
