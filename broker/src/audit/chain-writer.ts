// Appends rows to this process's hash chain. Rows that come within one turn of the event loop, or while an append is under way, go into the next
// append together. The caller's promise resolves once its rows are committed.
//
// An append whose answer was lost is in doubt: its rows may stand in the log or not. The writer appends nothing else before it knows. It looks
// whether the chain holds a row at their first position; where it holds none, it appends the very same rows there again. No two rows can have
// the same position, so each row stands in the log once, whatever answers were lost.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { publicMessage } from '../domain/public-message.ts';
import { AppendInDoubt, type ChainHead, type NewRow } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import { type ChainPosition, GENESIS, hashRow } from './hash-chain.ts';
import { type LooseRow, ROW_BEFORE } from './log-rows.ts';

/** A row in its place. */
export type PlacedRow = NewRow & { prevHash: string };

const MAX_QUEUED_ROWS = 10_000;
const MAX_ROWS_PER_APPEND = 1_000;
/** An append that fails this fast lost its connection rather than its database, so the writer looks at once whether the rows are there. */
const SOON_MS = 1_000;
const RETRY_MS = 500;

/** Rows of one caller that wait to be appended. */
interface Waiting {
  /** When they came. */
  at: number;
  rows: readonly LooseRow[];
  /** Set: the rows are kept after their caller was refused, and this is called once they are committed. */
  later: ((rows: PlacedRow[]) => void) | undefined;
  /** Makes the rows that are appended where the caller was refused, but its rows turn out to stand in the log. */
  amend: ((rows: readonly PlacedRow[]) => readonly LooseRow[]) | undefined;
  /** The caller's promise was rejected: it must not rely on its rows. */
  isRefused: boolean;
  resolve(rows: PlacedRow[]): void;
  reject(error: GateError): void;
}

/** An append whose answer was lost. */
interface Doubt {
  rows: readonly PlacedRow[];
  /** How many of them came from the writer itself. */
  opening: number;
  first: PlacedRow;
  last: PlacedRow;
  entries: readonly Waiting[];
}

/** Makes the rows by which the log itself says that it could not be written for a while; `refused`: how many appends were refused meanwhile. */
export interface GapRows {
  begins(why: GateError): readonly LooseRow[];
  ends(gap: { why: GateError; ms: number; refused: number }): readonly LooseRow[];
}

export interface ChainWriter {
  /**
   * Commits all of `rows` together, and resolves with them as they stand in the chain. Throws `unavailable`; the caller must then not rely on any
   * of them. With `later` the writer keeps refused rows and commits them as soon as it can; it calls `later` then. `amend` makes the rows that
   * are to follow refused rows that turn out to stand in the log all the same.
   */
  append(
    rows: readonly LooseRow[],
    more?: { later?: (rows: PlacedRow[]) => void; amend?: (rows: readonly PlacedRow[]) => readonly LooseRow[] },
  ): Promise<PlacedRow[]>;
  /** Tries once more to commit what waits; resolves when no append is under way. */
  flush(): Promise<void>;
  /** Nothing is tried by itself any more. */
  close(): void;
  /** The last row that was committed; undefined: none, or it has to be asked for. */
  readonly head: ChainHead | undefined;
  /** How many rows wait to be committed. */
  readonly owed: number;
  /** Since when the oldest of them waits. */
  readonly waitsSince: number | undefined;
  /** Why the last append was refused, until one succeeds. */
  readonly unwritable: GateError | undefined;
}

/** What the writer itself writes besides the rows that come to it, and how it seals them. */
export interface ChainParts {
  gap: GapRows;
  /** Makes the row by which the chain begins. */
  opening(): Promise<LooseRow>;
  /** The seal of the last row of an append, over its hash. */
  seal(hash: string): Uint8Array;
  /** Waits for others that may go into the same append; only for those of this turn of the event loop where it is left out. */
  gather?(): Promise<void>;
  /** Is told of rows once they are committed. */
  onAppended?(rows: readonly PlacedRow[]): void;
}

export function createChainWriter(
  store: Pick<Store['audit'], 'beginChain' | 'append' | 'last' | 'chain'>,
  writer: string,
  clock: Pick<Clock, 'now' | 'after'>,
  parts: ChainParts,
): ChainWriter {
  let queue: Waiting[] = [];
  let queuedRows = 0;
  /** The end of the chain. Undefined where the store has to be asked for it: before the first append, and after the store refused one. */
  let position: ChainPosition | undefined;
  /** The store knows the chain. */
  let hasBegun = false;
  let doubt: Doubt | undefined;
  /** Those whose rows are being appended. */
  let appending: readonly Waiting[] = [];
  let running: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let gap: { since: number; why: GateError; refused: number } | undefined;

  function link(loose: readonly LooseRow[], from: ChainPosition): PlacedRow[] {
    let { seq, hash: prevHash } = from;
    let before = { chain: writer, seq };
    return loose.map((row, index) => {
      seq += 1;
      const place = { chain: writer, seq };
      if (row.kind === 'intent') before = place;
      const placed =
        row.kind === 'outcome'
          ? { ...row, ...place, call: row.call === ROW_BEFORE ? before : row.call }
          : { ...row, ...place };
      const hash = hashRow(prevHash, placed);
      const linked = { ...placed, prevHash, hash, seal: index === loose.length - 1 ? parts.seal(hash) : null };
      prevHash = hash;
      return linked;
    });
  }

  /** Where the chain goes on. One that has no row yet begins with the row that says so. */
  async function begin(): Promise<{ from: ChainPosition; opening: LooseRow[] }> {
    if (position !== undefined) return { from: position, opening: [] };
    const last = await store.last(writer);
    if (!hasBegun) await store.beginChain(writer);
    hasBegun = true;
    return last === undefined ? { from: GENESIS, opening: [await parts.opening()] } : { from: last, opening: [] };
  }

  function takeBatch(): Waiting[] {
    let count = 0;
    let rows = 0;
    for (const { rows: next } of queue) {
      if (count > 0 && rows + next.length > MAX_ROWS_PER_APPEND) break;
      rows += next.length;
      count += 1;
    }
    queuedRows -= rows;
    return queue.splice(0, count);
  }

  /** Finds out whether the rows of a doubtful append stand in the log, and appends them where they do not. Throws what the store throws. */
  async function settle({ rows, opening, first, last, entries }: Doubt): Promise<void> {
    const [found] = await store.chain(writer, first.seq, 1);
    if (found === undefined) await store.append(rows);
    else if (found.id !== first.id)
      throw new GateError('internal', `the chain ${writer} was written by another process`);
    taken(last);
    parts.onAppended?.(rows);
    doubt = undefined;
    let start = opening;
    for (const entry of entries) {
      const own = rows.slice(start, (start += entry.rows.length));
      if (!entry.isRefused) entry.resolve(own);
      else if (entry.amend !== undefined) keep(entry.amend(own));
      else entry.later?.(own);
    }
  }

  /** Queues rows that no caller waits for. */
  function keep(rows: readonly LooseRow[]): void {
    if (rows.length === 0) return;
    queuedRows += rows.length;
    const nobody = () => undefined;
    const told = { later: nobody, resolve: nobody, reject: nobody };
    queue.push({ rows, at: clock.now(), amend: undefined, isRefused: true, ...told });
  }

  function refuse(entry: Waiting, cause: GateError): void {
    if (entry.isRefused) return;
    if (gap !== undefined) gap.refused += 1;
    entry.isRefused = true;
    entry.reject(
      new GateError(
        'unavailable',
        `the audit log cannot be written, so nothing is forwarded: ${publicMessage(cause)}`,
        {
          cause,
        },
      ),
    );
  }

  /**
   * Refuses all callers that wait; rows with `later` stay. The row that says that the log cannot be written stays too: so there is always
   * something to append, and the writer keeps trying without being asked.
   */
  function refuseAll(cause: GateError): void {
    if (gap === undefined) {
      gap = { since: clock.now(), why: cause, refused: 0 };
      keep(parts.gap.begins(cause));
    }
    for (const entry of doubt?.entries ?? []) refuse(entry, cause);
    for (const entry of queue) refuse(entry, cause);
    queue = queue.filter((entry) => {
      if (entry.later !== undefined) return true;
      queuedRows -= entry.rows.length;
      return false;
    });
    cancelRetry ??= clock.after(RETRY_MS, () => {
      cancelRetry = undefined;
      running ??= run();
    });
  }

  /** The store has taken an append, whose last row is `end`: the log is writable again. */
  function taken(end: ChainPosition): void {
    position = end;
    if (gap === undefined) return;
    const { since, why, refused } = gap;
    gap = undefined;
    keep(parts.gap.ends({ why, ms: clock.now() - since, refused }));
  }

  /** Makes the next append. False: the store takes nothing now, and is tried again later. */
  async function appendNext(): Promise<boolean> {
    const startedAt = clock.now();
    let entries: readonly Waiting[] = [];
    let linked: PlacedRow[] = [];
    try {
      if (doubt !== undefined) {
        await settle(doubt);
        return true;
      }
      const { from, opening } = await begin();
      entries = takeBatch();
      appending = entries;
      linked = link([...opening, ...entries.flatMap(({ rows }) => rows)], from);
      await store.append(linked);
      taken(linked.at(-1) ?? from);
      parts.onAppended?.(linked);
      let start = opening.length;
      for (const entry of entries) {
        const own = linked.slice(start, (start += entry.rows.length));
        if (entry.isRefused) entry.later?.(own);
        else entry.resolve(own);
      }
      return true;
    } catch (error) {
      const cause = toGateError(error);
      // The doubtful append was committed after all, between the look and the second append: the next round finds it.
      if (cause.code === 'conflict' && doubt !== undefined) return true;
      if (cause.code !== 'unavailable' && doubt === undefined && entries.length === 0) {
        // What stands in the log does not let the chain begin; waiting may help where somebody puts it right.
        refuseAll(cause);
        return false;
      }
      if (cause.code !== 'unavailable') {
        // The store says that it has refused these rows, and would refuse them again.
        for (const entry of doubt?.entries ?? entries) refuse(entry, cause);
        doubt = undefined;
        position = undefined;
        return true;
      }
      const [first] = linked;
      if (first !== undefined && cause instanceof AppendInDoubt) {
        doubt = {
          rows: linked,
          opening: linked.length - rowsOf(entries),
          first,
          last: linked.at(-1) ?? first,
          entries,
        };
        if (clock.now() - startedAt < SOON_MS) return true;
      } else {
        queue.unshift(...entries);
        for (const { rows } of entries) queuedRows += rows.length;
      }
      refuseAll(cause);
      return false;
    } finally {
      appending = [];
    }
  }

  async function run(): Promise<void> {
    // Rows that come later in this turn of the event loop join the first append.
    await (parts.gather?.() ?? Promise.resolve());
    while ((queue.length > 0 || doubt !== undefined) && (await appendNext()));
    running = undefined;
  }

  return {
    append(rows, { later, amend } = {}) {
      if (queuedRows + rows.length > MAX_QUEUED_ROWS) {
        const text = `the audit log is ${queuedRows} records behind, so nothing is forwarded: try again in a moment`;
        return Promise.reject(new GateError('unavailable', text));
      }
      queuedRows += rows.length;
      return new Promise((resolve, reject) => {
        queue.push({ rows, at: clock.now(), later, amend, isRefused: false, resolve, reject });
        running ??= run();
      });
    },
    async flush() {
      await (running ??= run());
    },
    close() {
      cancelRetry?.();
      cancelRetry = undefined;
    },
    get head() {
      return position && { chain: writer, seq: position.seq, hash: position.hash };
    },
    get owed() {
      return queuedRows + (doubt === undefined ? 0 : doubt.rows.length - doubt.opening);
    },
    get waitsSince() {
      return (doubt?.entries[0] ?? appending[0] ?? queue[0])?.at;
    },
    get unwritable() {
      return gap?.why;
    },
  };
}

const rowsOf = (entries: readonly Waiting[]): number => entries.reduce((sum, { rows }) => sum + rows.length, 0);
