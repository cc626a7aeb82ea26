// The thread that writes an archive, so that the broker goes on with its calls meanwhile.
import '../../store/behind-calls.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { openLog, type LogReader } from '../../store/audit/log-reader.ts';
import type { ArchiveMessage, ArchiveOrder } from './archive-order.ts';
import { makeArchive } from './make-archive.ts';

const say = (message: ArchiveMessage | { kind: 'end' }): void => parentPort?.postMessage(message);
const order = workerData as ArchiveOrder;

async function run(): Promise<void> {
  let log: LogReader | undefined;
  try {
    log = openLog(order.source);
    const written = await makeArchive(log, order, say);
    if (written !== undefined) say({ kind: 'written', written });
    say({ kind: 'end' });
  } catch (error) {
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message });
  } finally {
    await log?.close();
  }
}

void run();
