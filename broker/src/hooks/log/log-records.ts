// What a receiver gets of the audit log: an entry for each row of its workspace that it wants, made from the committed row itself.
import { toLoggedEvent, toCallRecord, toRecordedCall } from '../../audit/log-rows.ts';
import type { AuditRow, RowOf } from '../../store/audit/row.ts';

export interface LogEntry {
  /** `CHAIN:SEQ`: the row, so that whoever gets it twice knows it. Within a chain there is no number between two rows. */
  id: string;
  /** `call.begun`, `call.ended`, or the type of the event. */
  type: string;
  timestamp: string;
  data: object;
}

type Wants = (entry: { type: string; isDenied: boolean; isCall: boolean }) => boolean;

/** `what`: `calls`, `denials`, `begun`, `events`, or types of events, which may end in `*`. None: all. */
export function wantsOf(what: readonly string[]): Wants {
  if (what.length === 0) return () => true;
  const has = new Set(what);
  const prefixes = what.filter((each) => each.endsWith('*')).map((each) => each.slice(0, -1));
  return ({ type, isDenied, isCall }) => {
    if (type === 'call.begun' && isCall) return has.has('begun');
    if (isCall) return has.has('calls') || (isDenied && has.has('denials'));
    return has.has('events') || has.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
  };
}

/** `intentAt`: the row of a call's intent, wherever it stands. */
export async function entriesOf(
  rows: readonly AuditRow[],
  { workspaceId, wants }: { workspaceId: string; wants: Wants },
  intentAt: (place: { chain: string; seq: number }) => Promise<AuditRow | undefined>,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.kind === 'chain' || row.kind === 'old' || row.workspaceId !== workspaceId) continue;
    const entry = await entryOf(row, rows[index + 1], wants, intentAt);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

async function entryOf(
  row: RowOf<'intent' | 'outcome' | 'event'>,
  next: AuditRow | undefined,
  wants: Wants,
  intentAt: (place: { chain: string; seq: number }) => Promise<AuditRow | undefined>,
): Promise<LogEntry | undefined> {
  const id = `${row.chain}:${row.seq}`;
  if (row.kind === 'event') {
    if (!wants({ type: row.type, isDenied: false, isCall: false })) return undefined;
    const event = toLoggedEvent(row);
    return { id, type: row.type, timestamp: event.ts, data: event };
  }
  if (row.kind === 'intent') {
    // Where the outcome stands right behind it, it says all of this again.
    const isOver = next?.kind === 'outcome' && next.call.chain === row.chain && next.call.seq === row.seq;
    if (isOver || !wants({ type: 'call.begun', isDenied: false, isCall: true })) return undefined;
    const call = toRecordedCall(row);
    return { id, type: 'call.begun', timestamp: call.ts, data: call };
  }
  const intent = await intentAt(row.call);
  if (intent?.kind !== 'intent') return undefined;
  const call = toCallRecord({ intent, outcome: row });
  const isDenied = call.decision === 'deny' || call.status === 'denied';
  if (!wants({ type: 'call.ended', isDenied, isCall: true })) return undefined;
  return { id, type: 'call.ended', timestamp: call.ts, data: call };
}
