// The audit log: what happened, provably. It appends rows, in a hash chain for each broker process that writes; it is searched, and its new records
// are told to listeners. Rows that come within one turn of the event loop are committed together.
import type { GateError } from 'mcpgate-shared/error';
import type { AskedBy } from './asked-with.ts';
import type {
  AuditEvent,
  CallIntent,
  CallOutcome,
  CallRecord,
  CallStatus,
  Decision,
  KeptArguments,
} from '../domain/call-record.ts';
import type { EndedSpans } from '../domain/outside/call-span.ts';
import type { ChainHead, Cursor } from '../store/audit/row.ts';
import type { PlaceView } from './proof/checkpoint-places.ts';

export interface AuditSearch {
  workspaceId: string;
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  /** A part of the name of a tool, or of the type or the subject of an event. */
  text?: string;
  /** Of the record, or its beginning. */
  id?: string;
  /** Only what comes after this in the order of the answer, which is the newest first. */
  before?: FoundCursor;
  limit: number;
}

/** What no index leads to, so that calls are looked through. `secret`: NAME or NAME@VERSION. */
export interface CallFilters {
  status?: CallStatus | undefined;
  decision?: Decision | undefined;
  rule?: string | undefined;
  secret?: string | undefined;
  credential?: string | undefined;
  client?: string | undefined;
  session?: string | undefined;
}
export type CallSearch = AuditSearch & CallFilters;

/** Calls that are found by how they have ended come in the order in which they did. */
export type FoundCursor = Cursor & { byEnd: boolean };

/** The newest first. `next`: where the search goes on. */
export interface Found<T> {
  records: T[];
  next: FoundCursor | undefined;
}

/** Where a record stands in the log. A call has two rows, or one where it has no outcome. */
export interface RowOfRecord {
  row: 'intent' | 'outcome' | 'event';
  chain: string;
  seq: number;
  ts: string;
  prev_hash: string;
  hash: string;
}

export type ShownRecord = { rows: RowOfRecord[] } & (
  { kind: 'call'; record: CallRecord } | { kind: 'event'; record: LoggedEvent }
);

/** What is known of a call from before it was forwarded. */
export type RecordedCall = CallIntent & { id: string; ts: string };

export type LoggedEvent = AuditEvent & { id: string; ts: string; seq: number; prev_hash: string; hash: string };

export interface Audit {
  /** Commits the intent, with the arguments that are to be kept, and returns the call's id. Throws `unavailable` where it cannot be committed; the call must not be forwarded then. */
  beginCall(intent: CallIntent, args?: KeptArguments): Promise<string>;
  /**
   * Commits the outcome, and with it the spans of the call where it has any. Throws `unavailable` where that is not possible now; both are then kept in
   * memory, and committed later.
   */
  endCall(callId: string, intent: CallIntent, outcome: CallOutcome, spans?: EndedSpans): Promise<void>;
  /** Commits intent and outcome together, for a call that is not forwarded (denied, for instance). Returns the call's id. */
  recordCall(
    intent: CallIntent,
    outcome: CallOutcome,
    args?: KeptArguments,
    spansOf?: (callId: string) => EndedSpans | undefined,
  ): Promise<string>;
  /** The arguments of a call, where they are kept; `removed`: they were, and somebody has taken them out of the database. `id`: the whole one. */
  argumentsOf(workspaceId: string, id: string): Promise<KeptArguments | 'none' | 'removed'>;
  /** Commits an event. Throws `unavailable` as `beginCall` does. */
  event(event: AuditEvent): Promise<void>;
  /**
   * An event that somebody caused by being refused. It gets a row within a rate; past that it is counted, so that no flood fills the log. `of`: the
   * request that was refused, which is in `told` then.
   */
  refused(event: AuditEvent, of?: object): Promise<void>;
  /** Requests that the log needs no row of any more: their refusal has one or is counted, or what they asked has rows of its own. */
  readonly told: WeakSet<object>;
  /** Runs `work`; the events that come of it, and that this actor is said to have caused, name the credential. */
  askedWith<T>(by: AskedBy, work: () => T): T;
  searchCalls(search: AuditSearch): Promise<CallRecord[]>;
  /** The same in parts, and by more. There may be fewer than `limit` although the search goes on. */
  findCalls(search: CallSearch): Promise<Found<CallRecord>>;
  findEvents(search: AuditSearch & { type?: string; subject?: string }): Promise<Found<LoggedEvent>>;
  /** The records whose ids begin so, with the rows that they stand in; at most a few. */
  recordsOf(workspaceId: string, id: string): Promise<ShownRecord[]>;
  /** All calls of that time, the oldest first, in parts: there may be millions. */
  calls(span: { workspaceId: string; since: number; until: number }): AsyncIterable<RecordedCall[]>;
  searchEvents(search: AuditSearch & { type?: string }): Promise<LoggedEvent[]>;
  /** Every call that carried a secret, the newest first, as far as it has ended. `version` null: any. */
  callsWithSecret(search: {
    workspaceId: string;
    name: string;
    version: number | null;
    since: number;
  }): AsyncIterable<CallRecord>;
  /** When the last checkpoint was made here (ms since the epoch), and how the places are where checkpoints are kept besides. */
  readonly checkpoints: { lastAt: number | null; places: PlaceView[] };
  /** What the log says of something that could be guessed, of its SHA-256 (hex). The log itself does this to the digests of calls' arguments. */
  digestOf(workspaceId: string, sha256: string): string;
  /** Calls `listener` with each record after its commit; with a call after its outcome. Returns the function that removes the listener. */
  onRecord(
    listener: (record: { kind: 'call'; record: CallRecord } | { kind: 'event'; record: LoggedEvent }) => void,
  ): () => void;
  /** The last row that this process has committed, as it knows it by itself; undefined: none, or it has to be asked for. */
  readonly head: ChainHead | undefined;
  /** Why the log cannot be written now, so that no call is forwarded; undefined where it can. The log keeps trying meanwhile. */
  readonly unwritable: GateError | undefined;
  /** How many rows are not committed yet, and for how long the oldest of them has waited. */
  readonly behind: { rows: number; ms: number };
  /** Records how many refusals were counted, and waits until everything is committed or has been refused. */
  flush(): Promise<void>;
  /** The same at the end of the process: the chain says that it has ended in order. */
  close(): Promise<void>;
}
