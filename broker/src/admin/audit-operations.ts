// The operations on the audit log: search, and following new records as a stream.
import { auditApi, type TailLine } from 'mcpgate-shared/api/audit';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { GateError } from 'mcpgate-shared/error';
import type { AuditSearch } from '../audit/audit.ts';
import type { AdminDependencies } from './dependencies.ts';
import { createReadLog } from './audit/audit-reads.ts';
import { cursorText, readCursor } from './audit/audit-cursor.ts';
import { storyOf } from './audit/audit-stories.ts';
import { operation, pagedOperation, streamOperation, type Caller, type Operation } from './operation.ts';

/** A stream is cut when this many records wait because its reader does not keep up. */
const MAX_WAITING = 10_000;

interface Filter {
  since?: string | undefined;
  until?: string | undefined;
  user?: string | undefined;
  tool?: string | undefined;
  server?: string | undefined;
  type?: string | undefined;
  subject?: string | undefined;
  text?: string | undefined;
  id?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

function toSearch(workspaceId: string, filter: Filter): AuditSearch & { type?: string; subject?: string } {
  const { since, until, user, tool, server, type, subject, text, id, cursor, limit } = filter;
  return {
    workspaceId,
    limit,
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
    ...(user === undefined ? {} : { user }),
    ...(tool === undefined ? {} : { tool }),
    ...(server === undefined ? {} : { server }),
    ...(type === undefined ? {} : { type }),
    ...(subject === undefined ? {} : { subject }),
    ...(text === undefined ? {} : { text }),
    ...(id === undefined ? {} : { id }),
    ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
  };
}

export function auditOperations({
  audit,
  store,
  clock,
}: Pick<AdminDependencies, 'audit' | 'store' | 'clock'>): Operation[] {
  const reads = createReadLog(audit, clock);

  async function* tail(caller: Caller, lines: number, follow: boolean, signal: AbortSignal): AsyncGenerator<TailLine> {
    const { workspaceId } = caller;
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
      // Whoever follows the log is not told that they do.
      const before = waiting.length;
      await reads.note(caller, follow ? 'audit.followed' : 'audit.searched', { what: 'records' });
      const own = ({ kind, record }: TailLine): boolean =>
        kind === 'event' && record.type.startsWith('audit.') && record.actor === caller.actor.name;
      waiting.push(...waiting.splice(before).filter((line) => !own(line)));
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
    pagedOperation(auditApi.calls, async ({ query }, caller) => {
      await audit.flush();
      const { status, decision, rule, secret, credential, client, session } = query;
      const looked = { status, decision, rule, secret, credential, client, session };
      const found = await audit.findCalls({ ...toSearch(caller.workspaceId, query), ...looked });
      await reads.note(caller, 'audit.searched', { what: 'calls', ...query });
      return { items: found.records, next: cursorText(found.next) };
    }),
    pagedOperation(meApi.calls, async ({ query }, { homeWorkspaceId, principal }) => {
      const user = principal?.user;
      if (user === undefined) throw new GateError('not_found', 'a token has no calls of its own');
      await audit.flush();
      const { status, ...filter } = query;
      const found = await audit.findCalls({ ...toSearch(homeWorkspaceId, { ...filter, user: user.name }), status });
      // Somebody before may have had the same name.
      return { items: found.records.filter(({ member_id: id }) => id === user.id), next: cursorText(found.next) };
    }),
    pagedOperation(auditApi.events, async ({ query }, caller) => {
      await audit.flush();
      const found = await audit.findEvents(toSearch(caller.workspaceId, query));
      await reads.note(caller, 'audit.searched', { what: 'events', ...query });
      return { items: found.records, next: cursorText(found.next) };
    }),
    operation(auditApi.show, async ({ params: { id } }, caller) => {
      await audit.flush();
      const story = await storyOf({ audit, store, clock }, caller.workspaceId, id);
      await reads.note(caller, 'audit.shown', { id });
      return story;
    }),
    streamOperation(auditApi.tail, ({ query }, caller, signal) =>
      tail(caller, query.lines, query.follow === 'true', signal),
    ),
  ];
}
