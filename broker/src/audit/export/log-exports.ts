// Exports of the log, each made in a thread of its own.
import { Worker } from 'node:worker_threads';
import { type ErrorCode, GateError } from 'mcpgate-shared/error';
import { messagesOf, threadError } from '../../store/audit/thread-messages.ts';
import { liveRows, openLog } from '../../store/audit/log-reader.ts';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { ExportPart } from './export-log.ts';
import type { ExportEnds, ExportOrder } from './export-order.ts';
import type { LogSummary } from './summary.ts';
import { assertPlace, endsOf } from './walk-log.ts';

export type ExportMessage =
  ({ kind: 'part' } & ExportPart) | { kind: 'end' } | { kind: 'failed'; code: ErrorCode; message: string };

export type AskedExport = Omit<ExportOrder, 'source' | 'servers'>;

type Noted = () => Promise<void>;

export interface LogExports {
  /** How far the log goes now, for an export that may be broken off and go on. `rows`: so many there are. */
  ends(): Promise<{ ends: ExportEnds; rows: number }>;
  /**
   * The first part is empty: it comes once it is known that the export can be made, and `noted` says so where that is recorded. Throws before it: `usage`
   * where the log has no such place to go on behind, `unavailable` where too many are made already.
   */
  parts(asked: AskedExport, signal: AbortSignal, noted?: Noted): AsyncIterable<ExportPart['data']>;
  /** How many records were gone through, at first none, and at the end what they come to. Throws as `parts` does. */
  summary(
    asked: { workspaceId: string; since: number; until: number },
    signal: AbortSignal,
    noted?: Noted,
  ): AsyncIterable<{ records: number } | { summary: LogSummary }>;
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
        const rows = chains.reduce((sum, chain) => sum + liveRows(chain), 0);
        return { ends: await endsOf(log), rows };
      } finally {
        await log.close();
      }
    },
    parts: (asked, signal, noted) => dataOf(made(asked, signal, noted)),
    summary({ workspaceId, since, until }, signal, noted) {
      const all = { isLinked: false, after: undefined, ends: undefined, limit: undefined };
      const asked = { ...all, workspaceId, format: 'summary' as const, filter: { since, until } };
      return summaryIn(made(asked, signal, noted));
    },
  };

  async function* made(asked: AskedExport, signal: AbortSignal, noted: Noted | undefined): AsyncGenerator<ExportPart> {
    if (underWay >= AT_ONCE) {
      const text = `${AT_ONCE} exports of the log are under way, and no more are made at the same time: try again when one has ended`;
      throw new GateError('unavailable', text);
    }
    underWay += 1;
    try {
      await assertPlaceIn(store, asked);
      await noted?.();
      await audit.flush();
      const { server } = asked.filter;
      const servers = server === undefined ? undefined : await store.audit.serverNames(asked.workspaceId, server);
      yield* inThread({ ...asked, source: store.audit.source(), servers }, signal);
    } finally {
      underWay -= 1;
    }
  }
}

/** Before anything is recorded: what is refused was not exported. */
async function assertPlaceIn(store: Pick<Store, 'audit'>, asked: AskedExport): Promise<void> {
  if (asked.after === undefined) return;
  const log = openLog(store.audit.source());
  try {
    await assertPlace(log, asked);
  } finally {
    await log.close();
  }
}

async function* dataOf(parts: AsyncIterable<ExportPart>): AsyncGenerator<ExportPart['data']> {
  let isFirst = true;
  for await (const { data } of parts) {
    if (isFirst || data.length > 0) yield data;
    isFirst = false;
  }
}

async function* summaryIn(
  parts: AsyncIterable<ExportPart>,
): AsyncGenerator<{ records: number } | { summary: LogSummary }> {
  for await (const { data, lines } of parts) {
    // The thread is of this program.
    if (data.length === 0) yield { records: lines };
    else yield { summary: JSON.parse(String(data)) as LogSummary };
  }
}

async function* inThread(order: ExportOrder, signal: AbortSignal): AsyncGenerator<ExportPart> {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    ...{ workerData: order, env: {}, execArgv: [] },
    // Rows live for a moment. What is thrown away late is memory that calls may need.
    resourceLimits: { maxYoungGenerationSizeMb: 48, maxOldGenerationSizeMb: 96 },
  });
  try {
    for await (const message of messagesOf(worker, signal)) {
      const said = message as ExportMessage;
      if (said.kind === 'end') return;
      if (said.kind === 'failed') throw threadError(said);
      yield said;
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
