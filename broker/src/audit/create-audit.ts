// The audit log over the store: makes rows, has the chain writer commit them, tells the listeners, and searches.
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { AuditEvent, CallOutcome } from '../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { AuditRow } from '../store/audit-row.ts';
import type { Store } from '../store/store.ts';
import type { Audit } from './audit.ts';
import { createChainWriter } from './chain-writer.ts';
import { createEventIds, eventIdTime } from './event-id.ts';
import { eventRow, intentRow, joinCall, outcomeRow, toCallRecord, toRecordedCall, toLoggedEvent } from './log-rows.ts';
import { createRefusedEvents } from './refused-events.ts';

/** The outcome of a call that was refused because its intent was not known to be recorded. */
const NOT_FORWARDED: CallOutcome = {
  status: 'failed',
  error_code: 'unavailable',
  latency_ms: 0,
  upstream_ms: null,
  response_bytes: 0,
  secret_versions: [],
  attempts: 0,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
};

type Listener = Parameters<Audit['onRecord']>[0];

export interface AuditOptions {
  store: Store;
  clock: Clock;
  /** Names this broker process's chain; two processes never share one. */
  writerId: string;
  log: Logger;
}

/** So many calls are read at a time. */
const PAGE = 1_000;
/** How many calls are read at once where all of a time are asked for. */
const CALLS_AT_ONCE = 2_000;

export function createAudit({ store, clock, writerId, log }: AuditOptions): Audit {
  const nextId = createEventIds(clock);
  const ownRow = (type: string, data: AuditEvent['data']) => {
    const { id, ts } = nextId();
    const common = { workspace_id: DEFAULT_WORKSPACE, actor: 'broker', subject: null, address: null };
    return [eventRow({ ...common, type, data }, id, ts)];
  };
  const chain = createChainWriter(store.audit, writerId, clock, {
    begins(why) {
      log.error({ err: why }, 'the audit log cannot be written: calls are refused until it can');
      return ownRow('audit.unwritable', { why: why.message });
    },
    ends({ why, ms, refused }) {
      log.warn({ ms, refused }, 'the audit log can be written again');
      return ownRow('audit.writable', { why: why.message, ms, refused });
    },
  });
  const listeners = new Set<Listener>();

  /** Makes the record and tells it to the listeners; where there are none, no record is made. */
  function tell(row: AuditRow | undefined, recordOf: (row: AuditRow) => Parameters<Listener>[0]): void {
    if (row === undefined || listeners.size === 0) return;
    const record = recordOf(row);
    for (const listener of [...listeners]) {
      try {
        listener(record);
      } catch (error) {
        // The record is committed: a listener that throws must not make the call or the event fail.
        log.error({ err: error }, 'an audit listener failed');
      }
    }
  }

  const event: Audit['event'] = async (told) => {
    const { id, ts } = nextId();
    const [row] = await chain.append([eventRow(told, id, ts)]);
    tell(row, (logged) => ({ kind: 'event', record: toLoggedEvent(logged) }));
  };
  const refused = createRefusedEvents({
    clock,
    record: event,
    onError: (error) => log.error({ err: error }, 'how many were refused could not be recorded'),
  });

  return {
    async beginCall(intent) {
      const { id, ts } = nextId();
      // The answer of the commit was lost, so the call was refused; where the intent stands in the log all the same, it gets this outcome.
      const amend = () => {
        const end = nextId();
        return [outcomeRow(intent.workspace_id, id, NOT_FORWARDED, end.id, end.ts)];
      };
      await chain.append([intentRow(intent, id, ts)], { amend });
      return id;
    },
    async endCall(callId, intent, outcome) {
      const { id, ts } = nextId();
      const later = ([row]: AuditRow[]) =>
        tell(row, (sealedBy) => ({
          kind: 'call',
          record: joinCall(callId, eventIdTime(callId), intent, sealedBy, outcome),
        }));
      later(await chain.append([outcomeRow(intent.workspace_id, callId, outcome, id, ts)], { later }));
    },
    async recordCall(intent, outcome) {
      const { id: callId, ts } = nextId();
      const end = nextId();
      const rows = [intentRow(intent, callId, ts), outcomeRow(intent.workspace_id, callId, outcome, end.id, end.ts)];
      const [, row] = await chain.append(rows);
      tell(row, (sealedBy) => ({ kind: 'call', record: joinCall(callId, ts, intent, sealedBy, outcome) }));
      return callId;
    },
    event,
    refused: (told) => refused.note(told),
    async searchCalls(search) {
      const rows = await store.audit.calls(search);
      return rows.map(toCallRecord);
    },
    async *calls({ workspaceId, since, until }) {
      let after = { ts: since, id: '' };
      for (;;) {
        const rows = await store.audit.intents({ workspaceId, until, after, limit: CALLS_AT_ONCE });
        yield rows.map(toRecordedCall);
        const last = rows.at(-1);
        if (last === undefined || rows.length < CALLS_AT_ONCE) return;
        after = { ts: last.ts, id: last.id };
      }
    },
    async searchEvents(search) {
      const rows = await store.audit.events(search);
      return rows.map(toLoggedEvent);
    },
    async *callsWithSecret(search) {
      let before: { ts: number; id: string } | undefined;
      for (;;) {
        const at = before === undefined ? {} : { before };
        const rows = await store.audit.callsWithSecret({ ...search, ...at, limit: PAGE });
        yield* rows.map(toCallRecord);
        const last = rows.at(-1)?.intent;
        if (last === undefined || rows.length < PAGE) return;
        before = { ts: last.ts, id: last.id };
      }
    },
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get unwritable() {
      return chain.unwritable;
    },
    async flush() {
      // A broker must be able to end without its database: a failure is logged only.
      await refused.tell().catch((error: unknown) => log.error({ err: error }, 'what was refused could not be told'));
      await chain.flush();
      if (chain.owed > 0) log.error({ records: chain.owed }, 'what the audit log could not be told is lost');
    },
  };
}
