// What happened in a time, put together while the log is gone through: calls that are alike are counted, events are kept as long as they are few.
import { timeOf } from '../../domain/record-id.ts';
import { BodyReader } from '../../store/audit/body-bytes.ts';
import type { RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { chainAt } from '../../store/audit/position.ts';
import { FORMAT } from '../../store/audit/row.ts';
import { createTextReader, EndedSchema, PolicySchema } from '../log-rows.ts';
import type { ExportOrder } from './export-order.ts';
import { cellsIn, RECORD_COLUMNS, type Cell } from './record-columns.ts';
import { createRecordLines } from './record-lines.ts';
import { pickRecords, type PickedRecord } from './walk-log.ts';

export interface CountedCalls {
  actor: string;
  server: string;
  tool: string | null;
  decision: string | null;
  rule: string | null;
  status: string;
  secret_versions: readonly string[];
  calls: number;
  firstAt: number;
  lastAt: number;
}

export interface LogSummary {
  calls: CountedCalls[];
  /** As the columns of records, the oldest first. */
  events: Readonly<Record<string, Cell>>[];
  eventCounts: Readonly<Record<string, number>>;
  leftOut: number;
}

const MOST_EVENTS = 20_000;
/** They are many, and say nothing that a person looks for one by one. */
const ONLY_COUNTED = /^(?:audit\.(?:searched|followed|shown)|(?:auth|message)\..*|login\.throttled)$/;

interface Counted {
  actor: number | null;
  server: number | null;
  tool: number | null;
  policy: number | null;
  facts: number | null;
  calls: number;
  firstAt: number;
  lastAt: number;
}

/** How many records were gone through, again and again; at the end what they come to. */
export async function* summarize(log: LogReader, order: ExportOrder): AsyncGenerator<number | LogSummary> {
  const alike = new Map<string, Counted>();
  const linesOf = createRecordLines(log);
  let events: Readonly<Record<string, Cell>>[] = [];
  const counts = new Map<string, number>();
  let [records, leftOut] = [0, 0];
  for await (const part of pickRecords(log, order)) {
    records += part.picked.length;
    const inPart = part.picked.filter((each): each is PickedRecord & { kind: 'event' } => each.kind === 'event');
    for (const each of part.picked) {
      if (each.kind === 'call') count(alike, each.intent, each.outcome, part.chainOf(chainAt(each.intent[0])).format);
    }
    for (const line of await linesOf({ ...part, picked: inPart })) {
      const cells = cellsIn(line);
      const event = Object.fromEntries(RECORD_COLUMNS.map(([name], index) => [name, cells[index] ?? null]));
      const type = String(event['type']);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (ONLY_COUNTED.test(type)) leftOut += 1;
      else events.push(event);
    }
    if (events.length > 2 * MOST_EVENTS) {
      leftOut += events.length - MOST_EVENTS;
      events = newest(events);
    }
    yield records;
  }
  leftOut += Math.max(0, events.length - MOST_EVENTS);
  yield {
    calls: await inWords(log, [...alike.values()]),
    events: newest(events),
    eventCounts: Object.fromEntries(counts),
    leftOut,
  };
}

const newest = (events: readonly Readonly<Record<string, Cell>>[]): Readonly<Record<string, Cell>>[] =>
  events.toSorted((a, b) => String(a['ts']).localeCompare(String(b['ts']))).slice(-MOST_EVENTS);

function count(alike: Map<string, Counted>, intent: RawRow, outcome: RawRow | undefined, format: number): void {
  const [, at, , , , actor, , server, tool, , bytes] = intent;
  const policy = format === FORMAT ? policyIn(bytes) : null;
  const facts = outcome?.[9] ?? null;
  const key = `${actor} ${server} ${tool} ${policy} ${facts}`;
  const ms = timeOf(at);
  const known = alike.get(key);
  if (known === undefined) {
    alike.set(key, { actor, server, tool, policy, facts, calls: 1, firstAt: ms, lastAt: ms });
    return;
  }
  known.calls += 1;
  known.firstAt = Math.min(known.firstAt, ms);
  known.lastAt = Math.max(known.lastAt, ms);
}

/** The word of the policy: the second of those in the body of an intent. */
function policyIn(bytes: Uint8Array): number {
  const body = new BodyReader(bytes);
  body.count();
  return body.count();
}

const WaySchema = EndedSchema.pick({ status: true, secret_versions: true });
const AT_ONCE = 1_000;

async function inWords(log: LogReader, counted: readonly Counted[]): Promise<CountedCalls[]> {
  const read = createTextReader();
  const found: CountedCalls[] = [];
  for (let start = 0; start < counted.length; start += AT_ONCE) {
    const some = counted.slice(start, start + AT_ONCE);
    const ids = some.flatMap(({ actor, server, tool, policy, facts }) => [actor, server, tool, policy, facts]);
    await log.learn([...new Set(ids.filter((id) => id !== null))].filter((id) => !log.words.has(id)));
    const text = (id: number | null): string | null => (id === null ? null : (log.words.get(id) ?? '?'));
    for (const { actor, server, tool, policy, facts, ...counts } of some) {
      const [policyText, ended] = [text(policy), text(facts)];
      const said =
        policyText === null ? { decision: null, rule: null } : read(PolicySchema, `word ${policy}`, policyText);
      const way = ended === null ? { status: 'unknown', secret_versions: [] } : read(WaySchema, `word ${facts}`, ended);
      const names = { actor: text(actor) ?? '', server: text(server) ?? '', tool: text(tool) };
      found.push({ ...names, decision: said.decision, rule: said.rule, ...way, ...counts });
    }
  }
  return found;
}
