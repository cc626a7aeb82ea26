// The audit log over the store: makes rows, has the chain writer commit them, tells the listeners, and searches.
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { AuditEvent, CallIntent, CallOutcome } from '../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { createMoments, momentOf, readRecordId, recordId, tailOf, timeOf } from '../domain/record-id.ts';
import type { Cursor } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import type { AuditKeys } from './audit-keys.ts';
import type { Audit, RecordedCall } from './audit.ts';
import { createChainWriter, type PlacedRow } from './chain-writer.ts';
import { createCallsUnderWay } from './calls-under-way.ts';
import { closingRow, headsToName, openingRow } from './chain-rows.ts';
import {
  eventRow,
  intentRow,
  joinCall,
  outcomeRow,
  ROW_BEFORE,
  toCallRecord,
  toLoggedEvent,
  toRecordedCall,
  type RowName,
} from './log-rows.ts';
import { findCalls } from './found-calls.ts';
import { idSpan } from './record-times.ts';
import { recordsOf } from './shown-records.ts';
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
  keys: AuditKeys;
  log: Logger;
}

/** So many calls are read at a time. */
const PAGE = 1_000;
/** How many calls are read at once where all of a time are asked for. */
const CALLS_AT_ONCE = 2_000;

export function createAudit({ store, clock, writerId, keys, log }: AuditOptions): Audit {
  const moment = createMoments(clock);
  const tail = tailOf(writerId);
  const named = (): RowName => {
    const at = moment();
    return { at, id: recordId(at, tail) };
  };
  const ownRow = (type: string, data: AuditEvent['data']) => {
    const common = { workspace_id: DEFAULT_WORKSPACE, actor: 'broker', subject: null, address: null };
    return [eventRow({ ...common, type, data }, named())];
  };
  const chain = createChainWriter(store.audit, writerId, clock, {
    gap: {
      begins(why) {
        log.error({ err: why }, 'the audit log cannot be written: calls are refused until it can');
        return ownRow('audit.unwritable', { why: why.message });
      },
      ends({ why, ms, refused }) {
        log.warn({ ms, refused }, 'the audit log can be written again');
        return ownRow('audit.writable', { why: why.message, ms, refused });
      },
    },
    opening: async () => openingRow({ predecessors: await headsToName(store.audit), sealKey: keys.sealKey }, named()),
    seal: (hash) => keys.seal(hash),
  });
  const underWay = createCallsUnderWay();
  const listeners = new Set<Listener>();

  /** Makes the record and tells it to the listeners; where there are none, no record is made. */
  function tell(row: PlacedRow | undefined, recordOf: (row: PlacedRow) => Parameters<Listener>[0]): void {
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
    const [row] = await chain.append([eventRow(told, named())]);
    if (row?.kind === 'event') tell(row, () => ({ kind: 'event', record: toLoggedEvent(row) }));
  };
  const refused = createRefusedEvents({
    clock,
    record: event,
    onError: (error) => log.error({ err: error }, 'how many were refused could not be recorded'),
  });

  async function flush(): Promise<void> {
    // A broker must be able to end without its database: a failure is logged only.
    await refused.tell().catch((error: unknown) => log.error({ err: error }, 'what was refused could not be told'));
    await chain.flush();
    if (chain.owed > 0) log.error({ records: chain.owed }, 'what the audit log could not be told is lost');
  }

  return {
    async beginCall(intent) {
      const name = named();
      // The answer of the commit was lost, so the call was refused; where the intent stands in the log all the same, it gets this outcome.
      const amend = ([row]: readonly PlacedRow[]) =>
        row === undefined ? [] : [outcomeRow(intent.workspace_id, row, NOT_FORWARDED, named())];
      const [row] = await chain.append([intentRow(intent, name)], { amend });
      if (row !== undefined) underWay.begun(name.id, row);
      return name.id;
    },
    async endCall(callId, intent, outcome) {
      const later = ([row]: PlacedRow[]) =>
        tell(row, (sealedBy) => ({ kind: 'call', record: joinCall(recorded(callId, intent), sealedBy, outcome) }));
      const call = underWay.ended(callId);
      later(await chain.append([outcomeRow(intent.workspace_id, call, outcome, named())], { later }));
    },
    async recordCall(intent, outcome) {
      const name = named();
      const rows = [intentRow(intent, name), outcomeRow(intent.workspace_id, ROW_BEFORE, outcome, named())];
      const [, row] = await chain.append(rows);
      tell(row, (sealedBy) => ({ kind: 'call', record: joinCall(recorded(name.id, intent), sealedBy, outcome) }));
      return name.id;
    },
    event,
    refused: (told) => refused.note(told),
    async searchCalls(search) {
      const rows = await store.audit.calls(search);
      return rows.map(toCallRecord);
    },
    async *calls({ workspaceId, since, until }) {
      let after: Cursor = { at: momentOf(since), position: 0 };
      for (;;) {
        const rows = await store.audit.intents({ workspaceId, until, after, limit: CALLS_AT_ONCE });
        yield rows.map(toRecordedCall);
        const last = rows.at(-1);
        if (last === undefined || rows.length < CALLS_AT_ONCE) return;
        after = last;
      }
    },
    async searchEvents(search) {
      const rows = await store.audit.events(search);
      return rows.map(toLoggedEvent);
    },
    findCalls: (search) => findCalls(store.audit, search),
    async findEvents({ id, ...search }) {
      const rows = await store.audit.events(id === undefined ? search : { ...search, ...idSpan(id, search) });
      const last = rows.length < search.limit ? undefined : rows.at(-1);
      const found = id === undefined ? rows : rows.filter((row) => row.id.startsWith(id));
      return {
        records: found.map(toLoggedEvent),
        next: last && { at: last.at, position: last.position, byEnd: false },
      };
    },
    recordsOf: (workspaceId, id) => recordsOf(store.audit, workspaceId, id),
    async *callsWithSecret({ workspaceId, since, ...secret }) {
      let before: Cursor | undefined;
      do {
        const at = before === undefined ? {} : { before };
        const { calls, next } = await store.audit.endedCalls({ workspaceId, since, secret, ...at, limit: PAGE });
        yield* calls.map(toCallRecord);
        before = next;
      } while (before !== undefined);
    },
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get unwritable() {
      return chain.unwritable;
    },
    get behind() {
      const { waitsSince: since } = chain;
      return { rows: chain.owed, ms: since === undefined ? 0 : Math.max(0, clock.now() - since) };
    },
    flush,
    async close() {
      await flush();
      if (chain.hasRows) await chain.append([closingRow(named())]).catch(() => undefined);
    },
  };
}

/** The call as it stands in the log. */
function recorded(id: string, intent: CallIntent): RecordedCall {
  const moment = readRecordId(id)?.moment ?? 0;
  return { ...intent, id, ts: new Date(timeOf(moment)).toISOString() };
}
