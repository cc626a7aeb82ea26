// Everything that people and programs ask of the log, in answers that do not grow with it.
import type { CallRecord } from '../../domain/call-record.ts';
import type { RowReads } from '../../store/audit/row-reads.ts';
import type { Cursor } from '../../store/audit/row.ts';
import type { AuditSearch, CallSearch, Found, LoggedEvent, RecordedCall, ShownRecord } from '../audit.ts';
import { toCallRecord, toLoggedEvent, toRecordedCall } from '../log-rows.ts';
import { idSpan } from '../record-times.ts';
import { findCalls, SEARCH_BUDGET_MS } from './found-calls.ts';
import { recordsOf } from './shown-records.ts';

export interface CallsAfter {
  workspaceId: string;
  until: number;
  after: Cursor;
  limit: number;
}

export interface CallsWithSecret {
  workspaceId: string;
  since: number;
  secret: { name: string; version: number | null };
  before?: Cursor;
  limit: number;
}

export interface EventSearch extends AuditSearch {
  type?: string;
  subject?: string;
}

/** Arguments and answers can be sent to another thread. */
export interface LogQuestions {
  findCalls(search: CallSearch): Promise<Found<CallRecord>>;
  findEvents(search: EventSearch): Promise<Found<LoggedEvent>>;
  /** The records whose ids begin so, with the rows that they stand in. */
  recordsOf(asked: { workspaceId: string; id: string }): Promise<ShownRecord[]>;
  /** The oldest first. `next`: where they go on. */
  callsAfter(asked: CallsAfter): Promise<{ calls: RecordedCall[]; next: Cursor | undefined }>;
  /** By how they ended, the newest first. */
  callsWithSecret(asked: CallsWithSecret): Promise<{ calls: CallRecord[]; next: Cursor | undefined }>;
}

export interface LogSearch extends LogQuestions {
  close(): Promise<void>;
}

/** On the connection of these rows, in the thread that asks. */
export function createLogSearch(rows: RowReads): LogQuestions {
  return {
    findCalls: (search) => findCalls(rows, search),
    async findEvents({ id, ...search }) {
      const query = id === undefined ? search : { ...search, ...idSpan(id, search) };
      const { rows: some, next } = await rows.someEvents(query, SEARCH_BUDGET_MS);
      const found = id === undefined ? some : some.filter((row) => row.id.startsWith(id));
      return {
        records: found.map((row) => toLoggedEvent(row)),
        next: next && { at: next.at, position: next.position, byEnd: false },
      };
    },
    recordsOf: ({ workspaceId, id }) => recordsOf(rows, workspaceId, id),
    async callsAfter(asked) {
      const intents = await rows.intents(asked);
      const last = intents.length < asked.limit ? undefined : intents.at(-1);
      const next = last && { at: last.at, position: last.position };
      return { calls: intents.map((row) => toRecordedCall(row)), next };
    },
    async callsWithSecret(asked) {
      const { calls, next } = await rows.endedCalls(asked);
      return { calls: calls.map((call) => toCallRecord(call)), next: next && { at: next.at, position: next.position } };
    },
  };
}
