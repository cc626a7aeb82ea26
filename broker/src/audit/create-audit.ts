// The audit log over the store: makes rows, lets the chain writer commit them, tells listeners, searches.
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { AuditQuery } from '../store/audit-row.ts';
import type { Store } from '../store/store.ts';
import type { Audit, AuditSearch } from './audit.ts';
import { intentRow, joinCall, outcomeRow, toCallRecord } from './call-rows.ts';
import { createChainWriter } from './chain-writer.ts';
import { createEventIds, eventIdTime } from './event-id.ts';
import { eventRow, toLoggedEvent } from './event-rows.ts';
import { createRefusedEvents } from './refused-events.ts';

type Listener = Parameters<Audit['onRecord']>[0];

export interface AuditOptions {
  store: Store;
  clock: Clock;
  /** Names this broker process's chain; two processes never share one. */
  writerId: string;
  log: Logger;
}

export function createAudit({ store, clock, writerId, log }: AuditOptions): Audit {
  const chain = createChainWriter(store.audit, writerId);
  const nextId = createEventIds(clock);
  const listeners = new Set<Listener>();

  function tell(record: Parameters<Listener>[0]): void {
    for (const listener of [...listeners]) {
      try {
        listener(record);
      } catch (error) {
        // The record is committed: whoever watches must not make its writer fail.
        log.error({ err: error }, 'an audit listener failed');
      }
    }
  }

  const event: Audit['event'] = async (told) => {
    const { id, ts } = nextId();
    const [row] = await chain.append([eventRow(told, id, ts)]);
    if (row && listeners.size > 0) tell({ kind: 'event', record: toLoggedEvent(row) });
  };
  const refused = createRefusedEvents({
    clock,
    record: event,
    onError: (error) => log.error({ err: error }, 'how many were refused could not be recorded'),
  });

  return {
    async beginCall(intent) {
      const { id, ts } = nextId();
      await chain.append([intentRow(intent, id, ts)]);
      return id;
    },
    async endCall(callId, intent, outcome) {
      const { id, ts } = nextId();
      const [row] = await chain.append([outcomeRow(intent.workspace_id, callId, outcome, id, ts)]);
      if (row === undefined || listeners.size === 0) return;
      tell({ kind: 'call', record: joinCall(callId, eventIdTime(callId), intent, row, outcome) });
    },
    async recordCall(intent, outcome) {
      const { id: callId, ts } = nextId();
      const end = nextId();
      const rows = [intentRow(intent, callId, ts), outcomeRow(intent.workspace_id, callId, outcome, end.id, end.ts)];
      const [, row] = await chain.append(rows);
      if (row && listeners.size > 0) tell({ kind: 'call', record: joinCall(callId, ts, intent, row, outcome) });
      return callId;
    },
    event,
    refused: (told) => refused.note(told),
    async searchCalls(search) {
      const rows = await store.audit.calls(toQuery('calls', search));
      return rows.map(toCallRecord);
    },
    async searchEvents(search) {
      const rows = await store.audit.events(toQuery('events', search));
      return rows.map(toLoggedEvent);
    },
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async flush() {
      await refused.tell();
      await chain.flush();
    },
  };
}

function toQuery(kind: AuditQuery['kind'], search: AuditSearch & { type?: string }): AuditQuery {
  return { kind, ...search };
}
