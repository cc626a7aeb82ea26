// The operations on the audit log: search, and following new records as a stream (audit/tail-log.ts).
import { auditApi } from 'mcpgate-shared/api/audit';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { GateError } from 'mcpgate-shared/error';
import type { AuditSearch } from '../audit/audit.ts';
import type { AdminDependencies } from './dependencies.ts';
import { createReadLog } from './audit/audit-reads.ts';
import { cursorText, readCursor } from './audit/audit-cursor.ts';
import { storyOf } from './audit/audit-stories.ts';
import { createTail } from './audit/tail-log.ts';
import { operation, pagedOperation, streamOperation, type Operation } from './operation.ts';

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
  const tail = createTail({ audit, store, clock, reads });

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
    streamOperation(auditApi.tail, ({ query: { lines, follow, places, after } }, caller, signal) =>
      tail(caller, { lines, after, follow: follow === 'true', wantsPlaces: places === 'true' }, signal),
    ),
  ];
}
