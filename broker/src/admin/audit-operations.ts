// The operations on the audit log: search, and following new records as a stream.
import { auditApi, type TailLine } from 'mcpgate-shared/api/audit';
import type { AuditSearch } from '../audit/audit.ts';
import type { AdminDependencies } from './dependencies.ts';
import { operation, streamOperation, type Operation } from './operation.ts';

/** A stream is cut when this many records wait because its reader does not keep up. */
const MAX_WAITING = 10_000;

interface Filter {
  since?: string | undefined;
  until?: string | undefined;
  user?: string | undefined;
  tool?: string | undefined;
  server?: string | undefined;
  type?: string | undefined;
  limit: number;
}

function toSearch(workspaceId: string, filter: Filter): AuditSearch & { type?: string } {
  const { since, until, user, tool, server, type, limit } = filter;
  return {
    workspaceId,
    limit,
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
    ...(user === undefined ? {} : { user }),
    ...(tool === undefined ? {} : { tool }),
    ...(server === undefined ? {} : { server }),
    ...(type === undefined ? {} : { type }),
  };
}

export function auditOperations({ audit }: Pick<AdminDependencies, 'audit'>): Operation[] {
  async function* tail(
    workspaceId: string,
    lines: number,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<TailLine> {
    const waiting: TailLine[] = [];
    let wake = (): void => undefined;
    let overrun = false;
    const stop = audit.onRecord((line) => {
      if (line.record.workspace_id !== workspaceId) return;
      if (waiting.length >= MAX_WAITING) overrun = true;
      else waiting.push(line);
      wake();
    });
    const onAbort = (): void => wake();
    signal.addEventListener('abort', onAbort);
    try {
      await audit.flush();
      const search = { workspaceId, limit: Math.max(lines, 1) };
      const [calls, events] = await Promise.all([audit.searchCalls(search), audit.searchEvents(search)]);
      const past: TailLine[] = [
        ...calls.map((record) => ({ kind: 'call' as const, record })),
        ...events.map((record) => ({ kind: 'event' as const, record })),
      ].sort((a, b) => a.record.ts.localeCompare(b.record.ts) || a.record.seq - b.record.seq);
      const shown = lines === 0 ? [] : past.slice(-lines);
      // A call that is still under way is sent again once it has its outcome.
      const seen = new Set(
        shown.filter((line) => line.kind === 'event' || line.record.latency_ms !== null).map((line) => line.record.id),
      );
      yield* shown;
      while (follow && !signal.aborted && !overrun) {
        const line = waiting.shift();
        if (line === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (waiting.length > 0 || signal.aborted) resolve();
          });
        } else if (!seen.delete(line.record.id)) {
          yield line;
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      stop();
    }
  }

  return [
    operation(auditApi.calls, async ({ query }, { workspaceId }) => {
      await audit.flush();
      return await audit.searchCalls(toSearch(workspaceId, query));
    }),
    operation(auditApi.events, async ({ query }, { workspaceId }) => {
      await audit.flush();
      return await audit.searchEvents(toSearch(workspaceId, query));
    }),
    streamOperation(auditApi.tail, ({ query }, { workspaceId }, signal) =>
      tail(workspaceId, query.lines, query.follow === 'true', signal),
    ),
  ];
}
