// Where the log is cut: of each chain all rows before a time, the oldest first, as far as nobody needs them any more. A call that has no outcome yet holds
// back the rows from its first one on, and so does a receiver that has not had them.
import { timeOf } from '../../domain/record-id.ts';
import { columnsOf, type RawRow } from '../../store/audit/log-connection.ts';
import { liveRows, type LogReader, type ReadChain } from '../../store/audit/log-reader.ts';
import { seqAt } from '../../store/audit/position.ts';
import { chainRowOf, KIND } from '../../store/audit/row-columns.ts';
import { FORMAT, type RowPlace } from '../../store/audit/row.ts';
import { firstSince } from '../export/walk-log.ts';
import { isClosing, readOpening } from '../chain-rows.ts';

export interface CutOrder {
  /** Ms since the epoch. */
  before: number;
  /** At most so many rows. */
  limit: number;
  /** How far the receiver that is farthest behind has had a chain, by its name; others have had all. */
  had: ReadonlyMap<string, number>;
  /** Whether the broker that writes the chain may still run. */
  mayGoOn: (chain: string) => boolean;
  /** A chain without an end whose broker is not heard of is over once this long has nothing been written. */
  overAfterMs: number;
  now: number;
}

export interface PlannedSpan {
  chain: ReadChain;
  first: number;
  last: number;
  prevHash: string;
  hash: string;
  sealKey: string | null;
}

/** Why rows of a chain that are old enough stay. */
export interface HeldBack extends RowPlace {
  why: 'call' | 'receiver';
}

export interface Cut {
  spans: PlannedSpan[];
  rows: number;
  /** Times of the first and the last row, ms since the epoch. */
  since: number;
  until: number;
  unfinished: RowPlace[];
  continued: RowPlace[];
  held: HeldBack[];
}

const NO_HASH = '0'.repeat(64);

export async function planCut(log: LogReader, order: CutOrder): Promise<Cut> {
  const chains = await log.chains();
  const named = await namedEnds(log, chains);
  const cut: Cut = { spans: [], rows: 0, since: Infinity, until: 0, unfinished: [], continued: [], held: [] };
  for (const chain of chains) {
    if (cut.rows >= order.limit) break;
    if (liveRows(chain) === 0) continue;
    const isOver = await hasEnded(log, chain, order);
    const old = (await firstSince(log, chain, order.before)) - 1;
    // The end of a chain goes when another chain has named it, and nothing is added: until then whoever begins has to name it.
    const isWhole = isOver && (named.get(chain.name) ?? -1) >= chain.lastSeq;
    const most = Math.min(
      old,
      isWhole ? chain.lastSeq : chain.lastSeq - 1,
      chain.firstSeq + order.limit - cut.rows - 1,
    );
    const had = order.had.get(chain.name) ?? Infinity;
    if (had < most) cut.held.push({ chain: chain.name, seq: had + 1, why: 'receiver' });
    const calls = await openCalls(log, chain, Math.min(most, had), { had, isOver });
    if (calls.held !== undefined) cut.held.push({ chain: chain.name, seq: calls.held, why: 'call' });
    const { last } = calls;
    if (last < chain.firstSeq) continue;
    const [firstRow, lastRow] = [await log.row(chain.number, chain.firstSeq), await log.row(chain.number, last)];
    if (firstRow === undefined || lastRow === undefined) continue;
    cut.spans.push({
      ...{ chain, first: chain.firstSeq, last, prevHash: chain.archived?.hash ?? NO_HASH, hash: lastRow[11] },
      sealKey: chain.archived === undefined ? sealKeyIn(chain, firstRow) : chain.archived.sealKey,
    });
    cut.rows += last - chain.firstSeq + 1;
    // A chain's opening is made for a row, and may be a little later than that.
    const ends = [timeOf(firstRow[1]), timeOf(lastRow[1])];
    cut.since = Math.min(cut.since, ...ends);
    cut.until = Math.max(cut.until, ...ends);
    cut.unfinished.push(...calls.unfinished);
    cut.continued.push(...calls.continued);
  }
  return cut;
}

function sealKeyIn({ format }: ReadChain, first: RawRow): string | null {
  return format === FORMAT && first[3] === KIND.chain
    ? (readOpening(chainRowOf(columnsOf(first)))?.sealKey ?? null)
    : null;
}

/** How far chains are named by others that stand in the database. */
async function namedEnds(log: LogReader, chains: readonly ReadChain[]): Promise<Map<string, number>> {
  const named = new Map<string, number>();
  for (const chain of chains) {
    const first = chain.format === FORMAT && chain.firstSeq === 0 ? await log.row(chain.number, 0) : undefined;
    if (first === undefined || first[3] !== KIND.chain) continue;
    for (const { chain: name, seq } of readOpening(chainRowOf(columnsOf(first)))?.predecessors ?? [])
      named.set(name, Math.max(seq, named.get(name) ?? -1));
  }
  return named;
}

async function hasEnded(log: LogReader, chain: ReadChain, order: CutOrder): Promise<boolean> {
  if (chain.format !== FORMAT) return true;
  const last = await log.row(chain.number, chain.lastSeq);
  if (last === undefined) return false;
  // Behind the row that ends a chain stands the checkpoint of it.
  for (const row of [last, await log.row(chain.number, chain.lastSeq - 1)])
    if (row?.[3] === KIND.chain && isClosing(chainRowOf(columnsOf(row)))) return true;
  return !order.mayGoOn(chain.name) && timeOf(last[1]) <= order.now - order.overAfterMs;
}

interface OpenCalls {
  /** The last row that may go. */
  last: number;
  /** The first row of the call that holds back the others. */
  held: number | undefined;
  unfinished: RowPlace[];
  continued: RowPlace[];
}

/** Looks through the calls up to the place `to`. */
async function openCalls(
  log: LogReader,
  chain: ReadChain,
  to: number,
  { had, isOver }: { had: number; isOver: boolean },
): Promise<OpenCalls> {
  const found: OpenCalls = { last: to, held: undefined, unfinished: [], continued: [] };
  if (to < chain.firstSeq) return found;
  for await (const rows of log.rows(chain.number, chain.firstSeq, to)) {
    const ended = new Set(rows.flatMap((row) => (row[3] === KIND.outcome && row[2] !== null ? [row[2]] : [])));
    const open = rows.filter((row) => row[3] === KIND.intent && !ended.has(row[0])).map(([position]) => position);
    const outcomes = new Map((await log.outcomesOf(open)).map((row) => [row[2], row]));
    for (const position of open) {
      const place = { chain: chain.name, seq: seqAt(position) };
      const outcome = outcomes.get(position);
      const endsAt = outcome === undefined ? undefined : seqAt(outcome[0]);
      if (endsAt === undefined && isOver) found.unfinished.push(place);
      else if (endsAt === undefined || endsAt > had) return { ...found, last: place.seq - 1, held: place.seq };
      else if (endsAt > to) found.continued.push(place);
    }
  }
  return found;
}
