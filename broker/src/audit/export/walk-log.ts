// Goes through the log, chain by chain and each from its beginning on, and picks the rows that an export wants. A call is picked where its record is:
// at its outcome, or at its intent as long as it has none.
import { GateError } from 'mcpgate-shared/error';
import { tailOf, timeOf } from '../../domain/record-id.ts';
import { columnsOf, type NumberedChain, type RawRow } from '../../store/audit/log-connection.ts';
import { chainFinder, type LogReader, type ReadChain } from '../../store/audit/log-reader.ts';
import { chainAt, positionOf, seqAt } from '../../store/audit/position.ts';
import { chainRowOf, KIND } from '../../store/audit/row-columns.ts';
import { FORMAT } from '../../store/audit/row.ts';
import { isClosing } from '../chain-rows.ts';
import { isWhole, type ExportEnds, type ExportOrder } from './export-order.ts';
import { isBehind, wantedRows } from './wanted-rows.ts';

export interface PickedRow {
  row: RawRow;
  /** Only by its hashes. */
  isWithheld: boolean;
}
export type PickedRecord =
  { kind: 'call'; intent: RawRow; outcome: RawRow | undefined } | { kind: 'event'; row: RawRow };

/** What was picked of the rows of one chain that were read together. */
export interface Part<Picked> {
  chain: NumberedChain;
  chainOf: (number: number) => NumberedChain;
  picked: readonly Picked[];
  /** The hash of the row before one that was picked. */
  hashBefore: (row: RawRow) => string;
}

const NO_HASH = '0'.repeat(64);

type LengthenedChain = ReadChain;

/** The ends of all chains that may go on, and of the newest one. */
export async function endsOf(log: Pick<LogReader, 'chains' | 'row'>): Promise<ExportEnds> {
  const ends: [number, number][] = [];
  const chains = await log.chains();
  for (const { number, format, lastSeq, archived } of chains) {
    const last = lastSeq < 0 ? undefined : await log.row(number, lastSeq);
    const isOver =
      format !== FORMAT ||
      // All of it is archived.
      (last === undefined && archived !== undefined) ||
      (last !== undefined && last[3] === KIND.chain && isClosing(chainRowOf(columnsOf(last))));
    if (!isOver || number === chains.at(-1)?.number) ends.push([number, lastSeq]);
  }
  return ends;
}

async function chainsFor(
  log: Pick<LogReader, 'chains'>,
  { ends }: Pick<ExportOrder, 'ends'>,
): Promise<LengthenedChain[]> {
  const chains = await log.chains();
  if (ends === undefined) return chains;
  const endOf = new Map(ends);
  const newest = Math.max(0, ...endOf.keys());
  return chains.flatMap((chain) => {
    const end = endOf.get(chain.number);
    if (end !== undefined) return [{ ...chain, lastSeq: Math.min(end, chain.lastSeq) }];
    // Chains that were begun later have greater numbers.
    return chain.number > newest ? [] : [chain];
  });
}

async function startOf(log: LogReader, chain: LengthenedChain, { after, filter }: ExportOrder): Promise<number> {
  const from = filter.since === undefined ? chain.firstSeq : await firstSince(log, chain, filter.since);
  return after?.chain === chain.name ? Math.max(from, after.seq + 1) : from;
}

/** The place of the first row in the database from `since` on; one behind the last where there is none. Rows of a chain are in the order of their times. */
export async function firstSince(
  log: Pick<LogReader, 'row'>,
  chain: Pick<ReadChain, 'number' | 'firstSeq' | 'lastSeq'>,
  since: number,
): Promise<number> {
  let [low, high] = [chain.firstSeq, Math.max(chain.firstSeq, chain.lastSeq + 1)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await log.row(chain.number, middle);
    if (row !== undefined && timeOf(row[1]) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Throws `usage` where the log has no such row behind which an export could go on. */
export async function assertPlace(
  log: Pick<LogReader, 'chains'>,
  order: Pick<ExportOrder, 'after' | 'ends'>,
): Promise<void> {
  const { after } = order;
  if (after === undefined) return;
  const [chain] = chainsFrom(await chainsFor(log, order), order);
  if (chain === undefined) return;
  const last = Math.max(chain.lastSeq, chain.archived?.seq ?? -1);
  if (after.seq <= last) return;
  const end = last === -1 ? 'no row yet' : `none behind ${chain.name}#${last}`;
  throw new GateError('usage', `the log has no row ${after.chain}#${after.seq} to go on behind: its chain has ${end}`);
}

/** The chains from the one on in which the export goes on. Throws `usage` where there is no such. */
function chainsFrom(
  chains: readonly LengthenedChain[],
  { after }: Pick<ExportOrder, 'after'>,
): readonly LengthenedChain[] {
  if (after === undefined) return chains;
  const at = chains.findIndex(({ name }) => name === after.chain);
  if (at === -1) throw new GateError('usage', `the log has no chain ${after.chain} to go on in`);
  return chains.slice(at);
}

async function* walk(
  log: LogReader,
  order: ExportOrder,
  chains: readonly LengthenedChain[],
  more: { choice: Parameters<LogReader['rows']>[3]; isByRow: boolean },
): AsyncGenerator<{ chain: LengthenedChain; rows: readonly RawRow[] }> {
  for (const chain of chainsFrom(chains, order)) {
    const from = await startOf(log, chain, order);
    for await (const rows of log.rows(chain.number, from, chain.lastSeq, more.choice)) {
      const end = rows.findIndex((row) => isBehind(row, order.filter, more.isByRow));
      yield { chain, rows: end === -1 ? rows : rows.slice(0, end) };
      if (end !== -1) break;
    }
  }
}

/** Rows as they are bound in their chains. */
export async function* pickRows(log: LogReader, order: ExportOrder): AsyncGenerator<Part<PickedRow>> {
  const chains = await chainsFor(log, order);
  const chainOf = finder(chains);
  const isAll = isWhole(order.filter);
  const wanted = await wantedRows(log, order, (row) => chainOf(chainAt(row[0])).format !== FORMAT);
  const choice = isAll || order.isLinked ? undefined : (wanted.choice ?? null);
  if (choice === null) return;
  const isEnding = (row: RawRow): boolean => seqAt(row[0]) <= chainOf(chainAt(row[0])).lastSeq;
  for await (const { chain, rows } of walk(log, order, chains, { choice, isByRow: true })) {
    const fitting = isAll ? undefined : await fittingRows(log, rows, wanted, isEnding);
    const picked = rows.flatMap((row): PickedRow[] => {
      if (row[3] === KIND.chain) return [{ row, isWithheld: false }];
      const fits = fitting === undefined ? row[4] === wanted.workspace : fitting.has(row);
      return fits || isAll || order.isLinked ? [{ row, isWithheld: !fits }] : [];
    });
    yield {
      chain,
      chainOf,
      picked,
      hashBefore: await hashesBefore(
        log,
        picked.map(({ row }) => row),
        rows,
        chain,
      ),
    };
  }
}

type Wanted = Awaited<ReturnType<typeof wantedRows>>;

async function fittingRows(
  log: LogReader,
  rows: readonly RawRow[],
  wanted: Wanted,
  isEnding: (outcome: RawRow) => boolean,
): Promise<ReadonlySet<RawRow>> {
  const calls = await callsIn(log, rows, wanted.asksForEnd, isEnding);
  return new Set(
    rows.filter((row) => {
      if (row[3] === KIND.event) return wanted.event(row);
      const intent = row[3] === KIND.intent ? row : calls.intents.get(row[2] ?? -1);
      return intent !== undefined && wanted.call(intent, row[3] === KIND.intent ? calls.outcomes.get(row[0]) : row);
    }),
  );
}

/** One for each call and event. */
export async function* pickRecords(log: LogReader, order: ExportOrder): AsyncGenerator<Part<PickedRecord>> {
  const chains = await chainsFor(log, order);
  const chainOf = finder(chains);
  const wanted = await wantedRows(log, order, (row) => chainOf(chainAt(row[0])).format !== FORMAT);
  if (wanted.choice === undefined) return;
  // Where all of a time is wanted, the database has nothing to look for: PostgreSQL would go through whole indexes for each part, where it does not know
  // yet how many rows there are.
  const choice = isWhole(order.filter) ? undefined : wanted.choice;
  const isEnding = (row: RawRow): boolean => seqAt(row[0]) <= chainOf(chainAt(row[0])).lastSeq;
  /** Intents before these rows whose outcomes were not among them. */
  let open = new Map<number, OpenIntent>();
  for await (const { chain, rows, next } of withNext(walk(log, order, chains, { choice, isByRow: false }))) {
    const calls = await callsIn(log, rows, true, isEnding, { open, next });
    const picked: PickedRecord[] = [];
    const at: RawRow[] = [];
    for (const row of rows) {
      if (row[3] === KIND.event) {
        if (!wanted.event(row)) continue;
        picked.push({ kind: 'event', row });
      } else {
        const isIntent = row[3] === KIND.intent;
        if (!isIntent && row[3] !== KIND.outcome) continue;
        const intent = isIntent ? row : calls.intents.get(row[2] ?? -1);
        const outcome = isIntent ? calls.outcomes.get(row[0]) : row;
        if (intent === undefined || (isIntent && outcome !== undefined) || !wanted.call(intent, outcome)) continue;
        picked.push({ kind: 'call', intent, outcome });
        at.push(intent);
      }
      at.push(row);
    }
    const hashBefore = await hashesBefore(log, at, rows, chain, open);
    yield { chain, chainOf, picked, hashBefore };
    open = openIntents(open, rows, calls.outcomes);
  }
}

/** Each part with the one behind it, in which most calls end that have begun in it. */
async function* withNext<Read extends { rows: readonly RawRow[] }>(
  parts: AsyncIterable<Read>,
): AsyncGenerator<Read & { next: readonly RawRow[] }> {
  let part: Read | undefined;
  for await (const next of parts) {
    if (part !== undefined) yield { ...part, next: next.rows };
    part = next;
  }
  if (part !== undefined) yield { ...part, next: [] };
}

/** The row with bytes of its own: they are a piece of all that was read with it, which would stay in memory as long as the row does. */
function ownRow(row: RawRow): RawRow {
  const [position, at, call, kind, workspace, actor, subject, server, tool, facts, body, hash, seal] = row;
  return [
    position,
    at,
    call,
    kind,
    workspace,
    actor,
    subject,
    server,
    tool,
    facts,
    new Uint8Array(body),
    hash,
    seal && new Uint8Array(seal),
  ];
}

interface OpenIntent {
  row: RawRow;
  /** The hash of the row before it; undefined where that was not read. */
  hashBefore: string | undefined;
}

/** More intents are not kept: they are asked for again. */
const MOST_OPEN = 2_000;

function openIntents(
  before: ReadonlyMap<number, OpenIntent>,
  rows: readonly RawRow[],
  ended: ReadonlyMap<number, RawRow>,
): Map<number, OpenIntent> {
  const here = new Set(rows.flatMap((row) => (row[3] === KIND.outcome && row[2] !== null ? [row[2]] : [])));
  const open = new Map([...before].filter(([position]) => !here.has(position)));
  // An intent whose outcome is not known has none yet.
  for (const [index, row] of rows.entries()) {
    const [position, , , kind] = row;
    if (kind !== KIND.intent || here.has(position) || !ended.has(position)) continue;
    const last = rows[index - 1];
    open.set(position, { row: ownRow(row), hashBefore: last?.[0] === position - 1 ? last[11] : undefined });
  }
  return open.size > MOST_OPEN ? new Map([...open].slice(-MOST_OPEN)) : open;
}

/** The intents of the outcomes among the rows; and the outcomes of the intents, where they are asked for. */
async function callsIn(
  log: LogReader,
  rows: readonly RawRow[],
  withOutcomes: boolean,
  isEnding: (outcome: RawRow) => boolean,
  beside: { open: ReadonlyMap<number, OpenIntent>; next: readonly RawRow[] } = { open: new Map(), next: [] },
): Promise<{ intents: ReadonlyMap<number, RawRow>; outcomes: ReadonlyMap<number, RawRow> }> {
  const intents = new Map<number, RawRow>();
  const outcomes = new Map<number, RawRow>();
  const elsewhere: number[] = [];
  for (const row of rows) {
    if (row[3] === KIND.intent) intents.set(row[0], row);
    if (row[3] === KIND.outcome && row[2] !== null) outcomes.set(row[2], row);
  }
  for (const position of outcomes.keys()) {
    if (intents.has(position)) continue;
    const intent = beside.open.get(position);
    if (intent === undefined) elsewhere.push(position);
    else intents.set(position, intent.row);
  }
  for (const row of beside.next)
    if (row[3] === KIND.outcome && row[2] !== null && intents.has(row[2]) && isEnding(row)) outcomes.set(row[2], row);
  const open = withOutcomes ? [...intents.keys()].filter((position) => !outcomes.has(position)) : [];
  for (const intent of await log.at(elsewhere)) intents.set(intent[0], intent);
  for (const outcome of await log.outcomesOf(open))
    if (outcome[2] !== null && isEnding(outcome)) outcomes.set(outcome[2], outcome);
  return { intents, outcomes };
}

/** `beside`: rows that are in memory. */
async function hashesBefore(
  log: LogReader,
  rows: readonly RawRow[],
  beside: readonly RawRow[],
  { number, archived }: ReadChain,
  open: ReadonlyMap<number, OpenIntent> = new Map(),
): Promise<(row: RawRow) => string> {
  const hashes = new Map<number, string>();
  let last: RawRow | undefined;
  // Where all rows are wanted, each stands behind the one before it, and none is looked for.
  let known: ReadonlyMap<number, string> | undefined;
  const missing: number[] = [];
  for (const row of rows) {
    const before = row[0] - 1;
    let hash = last?.[0] === before ? last[11] : open.get(row[0])?.hashBefore;
    if (hash === undefined) {
      known ??= new Map(beside.map((near) => [near[0], near[11]]));
      hash = known.get(before);
    }
    if (hash === undefined) missing.push(before);
    else hashes.set(before, hash);
    last = row;
  }
  for (const row of await log.at(missing)) hashes.set(row[0], row[11]);
  if (archived !== undefined) hashes.set(positionOf(number, archived.seq), archived.hash);
  return ([position]) => hashes.get(position - 1) ?? NO_HASH;
}

/** Chains with the end of their rows' ids, which is made once for all of them. */
const finder = (chains: readonly LengthenedChain[]): ((number: number) => LengthenedChain) =>
  chainFinder(chains.map((chain) => ({ ...chain, tail: tailOf(chain.name) })));
