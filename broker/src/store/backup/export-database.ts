// Exports a database as a backup, from a thread of its own.
import { Worker } from 'node:worker_threads';
import { GateError } from 'mcpgate-shared/error';
import { messagesOf } from '../audit/thread-messages.ts';
import type { BackupHeader } from './backup-format.ts';
import type { DatabasePlace } from './snapshot.ts';

export interface ExportTask {
  place: DatabasePlace;
  /** Of this broker. */
  version: string;
  now: number;
}

export type ExportMessage =
  { kind: 'chunk'; chunk: Uint8Array } | { kind: 'end'; sha256: string; bytes: number; header: BackupHeader };

export type ExportEnd = Extract<ExportMessage, { kind: 'end' }>;

/** The thread is a file beside this one in the sources, and beside the bundle when it is built. */
const THREAD = new URL(`./export-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/** The bytes of the backup but for its last line, which `onEnd` makes of their digest. Throws `unavailable` where the database cannot be read. */
export async function* exportDatabase(
  task: ExportTask,
  onEnd: (end: ExportEnd) => Promise<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const worker = new Worker(THREAD, { workerData: task });
  try {
    for await (const said of messagesOf(worker, signal)) {
      const message = said as ExportMessage;
      if (message.kind === 'end') {
        yield await onEnd(message);
        return;
      }
      yield message.chunk;
      // One is under way at a time: the thread waits until it is told to go on.
      worker.postMessage('go on');
    }
    throw new Error('nobody takes it any more');
  } catch (error) {
    if (error instanceof GateError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('unavailable', `the backup was broken off: ${detail}`, { cause: error });
  } finally {
    await worker.terminate();
  }
}
