// The thread that exports the log, so that the broker goes on with its calls meanwhile. It hands over a few parts at a time, and makes the next one while
// they are taken, so that memory is bounded however slow the reader is.
import '../../store/behind-calls.ts';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { exportLog } from './export-log.ts';
import type { ExportOrder } from './export-order.ts';
import type { ExportMessage } from './log-exports.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the broker');
const say = (message: ExportMessage): void => port.postMessage(message);
const MOST_UNTAKEN = 4;
let untaken = 0;
let onTaken = (): void => undefined;
port.on('message', () => {
  untaken -= 1;
  onTaken();
});
/** Resolves when fewer parts than that wait to be taken. */
async function fewer(than: number): Promise<void> {
  while (untaken >= than) await new Promise<void>((resolve) => (onTaken = resolve));
}

async function run(): Promise<void> {
  try {
    for await (const { data, lines } of exportLog(workerData as ExportOrder)) {
      await fewer(MOST_UNTAKEN);
      untaken += 1;
      const moved = typeof data === 'string' ? [] : [data.buffer as ArrayBuffer];
      port?.postMessage({ kind: 'part', data, lines } satisfies ExportMessage, moved);
    }
    await fewer(1);
    say({ kind: 'end' });
  } catch (error) {
    await fewer(1);
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message });
  }
}

void run();
