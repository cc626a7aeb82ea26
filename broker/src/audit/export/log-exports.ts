// Exports of the log, each made in a thread of its own.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, GateError } from 'mcpgate-shared/error';
import { openLog } from '../../store/audit/log-reader.ts';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { ExportPart } from './export-log.ts';
import type { ExportEnds, ExportOrder } from './export-order.ts';
import { endsOf } from './walk-log.ts';

export type ExportMessage =
  ({ kind: 'part' } & ExportPart) | { kind: 'end' } | { kind: 'failed'; code: ErrorCode; message: string };

export type AskedExport = Omit<ExportOrder, 'source' | 'servers'>;

export interface LogExports {
  /** How far the log goes now, for an export that may be broken off and go on. `rows`: so many there are. */
  ends(): Promise<{ ends: ExportEnds; rows: number }>;
  /** Throws `unavailable` where too many are made already. */
  parts(asked: AskedExport, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A few are made at the same time: each has a processor to itself for as long as it takes. */
const AT_ONCE = 2;

const FILE = import.meta.url.endsWith('.ts') ? './export-worker.ts' : './audit-export-worker.js';

export function createLogExports({
  store,
  audit,
}: {
  store: Pick<Store, 'audit'>;
  audit: Pick<Audit, 'flush'>;
}): LogExports {
  let underWay = 0;
  return {
    async ends() {
      await audit.flush();
      const log = openLog(store.audit.source());
      try {
        const chains = await log.chains();
        const rows = chains.reduce((sum, { lastSeq, format }) => sum + lastSeq + (format === 1 ? 0 : 1), 0);
        return { ends: await endsOf(log), rows };
      } finally {
        await log.close();
      }
    },
    parts(asked, signal) {
      if (underWay < AT_ONCE) return made(asked, signal);
      const text = `${AT_ONCE} exports of the log are under way, and no more are made at the same time: try again when one has ended`;
      throw new GateError('unavailable', text);
    },
  };

  async function* made(asked: AskedExport, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    underWay += 1;
    try {
      await audit.flush();
      const { server } = asked.filter;
      const servers = server === undefined ? undefined : await store.audit.serverNames(asked.workspaceId, server);
      yield* inThread({ ...asked, source: store.audit.source(), servers }, signal);
    } finally {
      underWay -= 1;
    }
  }
}

async function* inThread(order: ExportOrder, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    ...{ workerData: order, env: {}, execArgv: [] },
    // Rows live for a moment: with more room they are thrown away more rarely, and with little they never take more than that.
    resourceLimits: { maxYoungGenerationSizeMb: 32 },
  });
  const ended = new Promise<never>((_resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('its thread ended')));
    signal.addEventListener('abort', () => reject(new Error('nobody takes it any more')), { once: true });
  });
  ended.catch(() => undefined);
  try {
    while (!signal.aborted) {
      const [message] = (await Promise.race([once(worker, 'message'), ended])) as [ExportMessage];
      if (message.kind === 'end') return;
      if (message.kind === 'failed') throw new GateError(message.code, message.message);
      if (message.bytes.length > 0) yield message.bytes;
      worker.postMessage('taken');
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof GateError) throw error;
    throw new GateError('internal', 'the export of the log was broken off: the log of the broker says why', {
      cause: error,
    });
  } finally {
    await worker.terminate();
  }
}
