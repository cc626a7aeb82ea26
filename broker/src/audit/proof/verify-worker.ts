// The thread that verifies the log, so that the broker goes on with its calls meanwhile.
import '../../store/behind-calls.ts';
import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { toGateError } from 'mcpgate-shared/error';
import { openLog, type LogReader } from '../../store/audit/log-reader.ts';
import { checkArchiveFiles, type ArchiveFiles } from '../archive/check-archives.ts';
import type { VerifyOrder, VerifyMessage } from './verify-thread.ts';
import { divideIn } from './verify-divided.ts';
import { verifyLog } from './verify-log.ts';
import { proofsOf, type Verdict } from './verdict.ts';

/** How often it says how far it is. */
const TELL_MS = 250;

const say = (message: VerifyMessage): void => parentPort?.postMessage(message);
const order = workerData as VerifyOrder;

async function run(): Promise<void> {
  const { source, since, until, checkpoints, claims, archives } = order;
  let log: LogReader | undefined;
  let told = 0;
  try {
    log = openLog(source);
    const proofs = proofsOf(order);
    const verdict = await verifyLog(log, proofs, {
      ...{ since, until, checkpoints, claims, divide: divideIn(order) },
      onProgress(rows, of) {
        if (performance.now() - told < TELL_MS) return;
        told = performance.now();
        say({ kind: 'progress', rows, of });
      },
    });
    const all = archives === undefined || verdict.fault !== undefined;
    say({ kind: 'verdict', verdict: all ? verdict : await withArchives(verdict, archives, proofs.keys) });
  } catch (error) {
    const { code, message } = toGateError(error);
    say({ kind: 'failed', code, message });
  } finally {
    await log?.close();
  }
}

/** `rows` are those of the archives, too. */
async function withArchives(
  verdict: Verdict,
  files: ArchiveFiles,
  keys: ReadonlyMap<string, KeyObject>,
): Promise<Verdict> {
  const of = verdict.rows + verdict.archivedRows;
  const { rows, wrong } = await checkArchiveFiles(
    files,
    { named: verdict.inArchives, untold: verdict.toldInArchives },
    keys,
    (_name, done) => say({ kind: 'progress', rows: verdict.rows + done, of }),
  );
  return { ...verdict, rows: verdict.rows + rows, fault: wrong ?? undefined };
}

void run();
