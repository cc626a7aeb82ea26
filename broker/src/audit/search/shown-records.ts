// Records with the rows that they stand in, found by the beginning of an id.
import { timeOf } from '../../domain/record-id.ts';
import type { AuditRow } from '../../store/audit/row.ts';
import type { RowReads } from '../../store/audit/row-reads.ts';
import type { RowOfRecord, ShownRecord } from '../audit.ts';
import { toCallRecord, toLoggedEvent } from '../log-rows.ts';
import { idSpan } from '../record-times.ts';

/** More have no millisecond together, unless many brokers write. */
const MOST = 10_000;

export async function recordsOf(
  log: Pick<RowReads, 'calls' | 'events'>,
  workspaceId: string,
  id: string,
): Promise<ShownRecord[]> {
  const query = { workspaceId, ...idSpan(id, {}), limit: MOST };
  const [calls, events] = await Promise.all([log.calls(query), log.events(query)]);
  return [
    ...calls
      .filter(({ intent }) => intent.id.startsWith(id))
      .map((row): ShownRecord => {
        const { intent, outcome } = row;
        const rows = [placeOf('intent', intent), ...(outcome === null ? [] : [placeOf('outcome', outcome)])];
        return { kind: 'call', record: toCallRecord(row), rows };
      }),
    ...events
      .filter((row) => row.id.startsWith(id))
      .map((row): ShownRecord => ({ kind: 'event', record: toLoggedEvent(row), rows: [placeOf('event', row)] })),
  ];
}

function placeOf(row: RowOfRecord['row'], { at, chain, seq, prevHash, hash }: AuditRow): RowOfRecord {
  return { row, chain, seq, ts: new Date(timeOf(at)).toISOString(), prev_hash: prevHash, hash };
}
