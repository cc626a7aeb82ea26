// What happened, provably. Appends rows with a hash chain per writing process; searches; tails. `beginCall` resolves only when the
// intent is committed. Rows that arrive in one turn of the loop are committed together.
import type { GateError } from 'mcpgate-shared/error';
import type { AuditEvent, CallIntent, CallOutcome, CallRecord } from '../domain/call-record.ts';

export interface AuditSearch {
  workspaceId: string;
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  limit: number;
}

export type LoggedEvent = AuditEvent & { id: string; ts: string; seq: number; prev_hash: string; hash: string };

export interface Audit {
  /** Commits the intent; the returned id is the call's. Throws `unavailable` where it cannot be committed: then nothing is forwarded. */
  beginCall(intent: CallIntent): Promise<string>;
  /** Throws `unavailable` where it cannot be committed now; it is kept, within bounds, and committed as soon as that is possible. */
  endCall(callId: string, intent: CallIntent, outcome: CallOutcome): Promise<void>;
  /** A call that never is forwarded (denied): intent and outcome in one commit. */
  recordCall(intent: CallIntent, outcome: CallOutcome): Promise<string>;
  event(event: AuditEvent): Promise<void>;
  /** The event of somebody who was refused before it was known who it is: a row as far as a flood leaves room, else a count. */
  refused(event: AuditEvent): Promise<void>;
  searchCalls(search: AuditSearch): Promise<CallRecord[]>;
  searchEvents(search: AuditSearch & { type?: string }): Promise<LoggedEvent[]>;
  /** Called with each record after its commit (calls: after their outcome). Returns the function that ends it. */
  onRecord(
    listener: (record: { kind: 'call'; record: CallRecord } | { kind: 'event'; record: LoggedEvent }) => void,
  ): () => void;
  /** Why the log cannot be written at the moment, so that nothing is forwarded; tried again all the while. */
  readonly unwritable: GateError | undefined;
  /** Tells what was counted, and waits until everything appended is committed, or cannot be. */
  flush(): Promise<void>;
}
