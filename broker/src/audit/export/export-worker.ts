// The thread that exports the log, so that the broker goes on with its calls meanwhile. It hands over one part at a time, and makes the next one while
// that is taken, so that memory is bounded however slow the reader is.
import '../../store/behind-calls.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { exportLog } from './export-log.ts';
import type { ExportOrder } from './export-order.ts';
import type { ExportMessage } from './log-exports.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the broker');
const say = (message: ExportMessage): void => port.postMessage(message);
let onTaken = (): void => undefined;
port.on('message', () => onTaken());

async function run(): Promise<void> {
  let taken: Promise<void> = Promise.resolve();
  try {
    for await (const { bytes, lines } of exportLog(workerData as ExportOrder)) {
      await taken;
      taken = new Promise((resolve) => (onTaken = resolve));
      port?.postMessage({ kind: 'part', bytes, lines } satisfies ExportMessage, [bytes.buffer as ArrayBuffer]);
    }
    await taken;
    say({ kind: 'end' });
  } catch (error) {
    await taken;
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message });
  }
}

void run();
