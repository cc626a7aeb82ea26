// The audit log over the store: makes rows, has the chain writer commit them, tells the listeners, and searches.
import { setImmediate } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import type { Logger } from 'pino';
import type { AuditEvent, CallIntent, CallOutcome, KeptArguments } from '../domain/call-record.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { createMoments, momentOf, readRecordId, recordId, tailOf, timeOf } from '../domain/record-id.ts';
import type { Cursor } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import type { AuditKeys } from './audit-keys.ts';
import { argumentsOf, boundArguments } from './call-arguments.ts';
import { createAskedWith } from './asked-with.ts';
import type { Audit, RecordedCall } from './audit.ts';
import { createChainWriter, type PlacedRow } from './chain-writer.ts';
import { createCallsUnderWay } from './calls-under-way.ts';
import { checkpointRow, closingRow, createMovedHeads, headsToName, isCheckpoint, openingRow } from './chain-rows.ts';
import {
  eventRow,
  intentRow,
  joinCall,
  outcomeRow,
  ROW_BEFORE,
  toCallRecord,
  toLoggedEvent,
  type LooseRow,
  type RowName,
} from './log-rows.ts';
import { createLogSearch, type LogSearch } from './search/log-search.ts';
import type { Signer } from './proof/checkpoint-keys.ts';
import type { CheckpointPlaces } from './proof/checkpoint-places.ts';
import { createCheckpointWriter } from './proof/checkpoint-writer.ts';
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
  /** Where the log is searched; in this thread, on the connection of the store, unless said. */
  search?: LogSearch;
  /** Each commit waits for the disk: what comes in the same moment is committed together. */
  isOnDisk?: boolean;
  /** Left out: no checkpoints are made. */
  checkpoints?: {
    signer: () => Promise<Signer>;
    places: CheckpointPlaces;
    /** No other broker writes into this log. */
    isAlone: boolean;
  };
  log: Logger;
}

/** So many calls are read at a time. */
const PAGE = 1_000;
/** How many calls are read at once where all of a time are asked for. */
const CALLS_AT_ONCE = 2_000;

export function createAudit({
  store,
  clock,
  writerId,
  keys,
  isOnDisk = false,
  checkpoints,
  log,
  ...options
}: AuditOptions): Audit {
  const search = options.search ?? createLogSearch(store.audit);
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
    async opening() {
      const predecessors = await headsToName(store.audit);
      await moved.begin();
      return openingRow({ predecessors, sealKey: keys.sealKey }, named());
    },
    seal: (hash) => keys.seal(hash),
    ...(isOnDisk ? { gather: () => setImmediate() } : {}),
    onAppended: (rows) => stated?.appended(rows.filter((row) => !isCheckpoint(row)).length),
  });
  const moved = createMovedHeads(store.audit, writerId, checkpoints?.isAlone ?? true);
  const stated =
    checkpoints &&
    createCheckpointWriter({
      ...{ clock, signer: checkpoints.signer, head: () => chain.head, others: () => moved.next() },
      write: async (checkpoint) => void (await chain.append([checkpointRow(checkpoint, named())])),
      bring: (checkpoint) => checkpoints.places.bring(checkpoint),
      onError: (error) => log.warn({ err: error }, 'a checkpoint of the log could not be made'),
    });
  const underWay = createCallsUnderWay();
  const told = new WeakSet<object>();
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

  /** The intent as the log has it: with a keyed digest. */
  function kept(intent: CallIntent): CallIntent {
    const { workspace_id: workspaceId, args_digest: sha256 } = intent;
    return sha256 === null ? intent : { ...intent, args_digest: keys.digest(workspaceId, sha256) };
  }

  /** The row that binds the arguments of a call, where some are kept. */
  const bound = (intent: CallIntent, { id }: RowName, args: KeptArguments | undefined): LooseRow[] =>
    args === undefined ? [] : [boundArguments(keys, intent.workspace_id, id, args, named())];

  const asked = createAskedWith();
  const event: Audit['event'] = async (told) => {
    const [row] = await chain.append([eventRow(asked.told(told), named())]);
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
  }

  return {
    async beginCall(intent, args) {
      const name = named();
      // The answer of the commit was lost, so the call was refused; where the intent stands in the log all the same, it gets this outcome.
      const amend = ([row]: readonly PlacedRow[]) =>
        row === undefined ? [] : [outcomeRow(intent.workspace_id, row, NOT_FORWARDED, named())];
      const [row] = await chain.append([intentRow(kept(intent), name), ...bound(intent, name, args)], { amend });
      if (row !== undefined) underWay.begun(name.id, row);
      return name.id;
    },
    async endCall(callId, intent, outcome, spans) {
      const later = ([row]: PlacedRow[]) => {
        if (row !== undefined) spans?.kept(row);
        tell(row, (sealedBy) => ({
          kind: 'call',
          record: joinCall(recorded(callId, kept(intent)), sealedBy, outcome),
        }));
      };
      const call = underWay.ended(callId);
      later(await chain.append([outcomeRow(intent.workspace_id, call, outcome, named(), spans?.text)], { later }));
    },
    async recordCall(intent, outcome, args, spansOf) {
      const name = named();
      const began = [intentRow(kept(intent), name), ...bound(intent, name, args)];
      const spans = spansOf?.(name.id);
      const rows = [...began, outcomeRow(intent.workspace_id, ROW_BEFORE, outcome, named(), spans?.text)];
      const row = (await chain.append(rows)).at(-1);
      if (row !== undefined) spans?.kept(row);
      tell(row, (sealedBy) => ({ kind: 'call', record: joinCall(recorded(name.id, kept(intent)), sealedBy, outcome) }));
      return name.id;
    },
    event,
    async refused(event, of) {
      if (of !== undefined) told.add(of);
      await refused.note(event);
    },
    told,
    askedWith: (by, work) => asked.run(by, work),
    async searchCalls(wanted) {
      const rows = await store.audit.calls(wanted);
      return rows.map((row) => toCallRecord(row));
    },
    async *calls({ workspaceId, since, until }) {
      let after: Cursor = { at: momentOf(since), position: 0 };
      for (;;) {
        const { calls, next } = await search.callsAfter({ workspaceId, until, after, limit: CALLS_AT_ONCE });
        yield calls;
        if (next === undefined) return;
        after = next;
      }
    },
    async searchEvents(wanted) {
      const rows = await store.audit.events(wanted);
      return rows.map((row) => toLoggedEvent(row));
    },
    findCalls: (wanted) => search.findCalls(wanted),
    findEvents: (wanted) => search.findEvents(wanted),
    argumentsOf: (workspaceId, id) => argumentsOf(store.audit, keys, workspaceId, id),
    recordsOf: (workspaceId, id) => search.recordsOf({ workspaceId, id }),
    async *callsWithSecret({ workspaceId, since, ...secret }) {
      let before: Cursor | undefined;
      do {
        const at = before === undefined ? {} : { before };
        const { calls, next } = await search.callsWithSecret({ workspaceId, since, secret, ...at, limit: PAGE });
        yield* calls;
        before = next;
      } while (before !== undefined);
    },
    get checkpoints() {
      return { lastAt: stated?.lastAt ?? null, places: checkpoints?.places.views() ?? [] };
    },
    digestOf: (workspaceId, sha256) => keys.digest(workspaceId, sha256),
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get head() {
      return chain.head;
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
      if (chain.head !== undefined) {
        // Where the database is away the chain ends like one of a broker that was killed.
        const ended = chain.append([closingRow(named())]).then(() => stated?.state());
        await ended.catch((error: unknown) =>
          log.warn({ err: error }, 'the log could not be told that the broker ended'),
        );
      }
      chain.close();
      if (chain.owed > 0) log.error({ records: chain.owed }, 'what the audit log could not be told is lost');
      stated?.close();
      await options.search?.close();
      await checkpoints?.places.flush();
      checkpoints?.places.close();
    },
  };
}

/** The call as it stands in the log. */
function recorded(id: string, intent: CallIntent): RecordedCall {
  const moment = readRecordId(id)?.moment ?? 0;
  return { ...intent, id, ts: new Date(timeOf(moment)).toISOString() };
}
