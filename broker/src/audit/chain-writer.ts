// Appends rows to this process's chain. Rows that come while an append is under way, or in one turn of the loop, go in the next one
// together; a row that comes alone is committed before its caller goes on.
//
// An append whose answer is lost is in doubt: it may stand in the log or not. Nothing else is appended before that is known: where its place in
// the chain is empty, the very same rows are appended there again, which no two can be. So each row stands there once, whatever was lost.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { toldOutside } from '../domain/told-outside.ts';
import { AppendInDoubt } from '../store/append-in-doubt.ts';
import type { AuditRow } from '../store/audit-row.ts';
import type { Store } from '../store/store.ts';
import { type ChainPosition, GENESIS, hashRow } from './hash-chain.ts';

/** A row before it has its place in the chain. */
export type LooseRow = Omit<AuditRow, 'writer' | 'seq' | 'prevHash' | 'hash'>;

const MAX_QUEUED_ROWS = 10_000;
const MAX_ROWS_PER_APPEND = 1_000;
/** A failure that comes so soon is one of the connection rather than of the database: it is looked again at once. */
const SOON_MS = 1_000;
const RETRY_MS = 500;

interface Waiting {
  rows: readonly LooseRow[];
  /** It is not given up: committed as soon as that is possible, and told then. */
  later: ((rows: AuditRow[]) => void) | undefined;
  /** What is appended where its caller was refused, and it stands in the log all the same. */
  amend: (() => readonly LooseRow[]) | undefined;
  isRefused: boolean;
  resolve(rows: AuditRow[]): void;
  reject(error: GateError): void;
}

/** An append whose fate is not known. */
interface Doubt {
  rows: readonly AuditRow[];
  first: AuditRow;
  last: AuditRow;
  entries: readonly Waiting[];
}

/** What the log itself says of a time in which it could not be written; `refused`: so many appends were. */
export interface GapRows {
  begins(why: GateError): readonly LooseRow[];
  ends(gap: { why: GateError; ms: number; refused: number }): readonly LooseRow[];
}

export interface ChainWriter {
  /**
   * All of `rows` in one commit; resolves with them as they stand in the chain. Throws `unavailable`: then none of them may be relied on. With
   * `later` they are kept all the same, and it is called once they are committed; `amend` makes what is to stand behind rows that were
   * refused and are in the log.
   */
  append(
    rows: readonly LooseRow[],
    more?: { later?: (rows: AuditRow[]) => void; amend?: () => readonly LooseRow[] },
  ): Promise<AuditRow[]>;
  /** Resolves when nothing is under way; what is kept is tried once more. */
  flush(): Promise<void>;
  /** Rows that are kept and not committed yet. */
  readonly owed: number;
  /** Why the last append was refused, until one succeeds. */
  readonly unwritable: GateError | undefined;
}

export function createChainWriter(
  store: Pick<Store['audit'], 'append' | 'last' | 'chain'>,
  writer: string,
  clock: Pick<Clock, 'now' | 'after'>,
  gapRows: GapRows = { begins: () => [], ends: () => [] },
): ChainWriter {
  let queue: Waiting[] = [];
  let queuedRows = 0;
  /** The end of the chain; undefined before the first append, and after one that was refused. */
  let position: ChainPosition | undefined;
  let doubt: Doubt | undefined;
  let running: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let gap: { since: number; why: GateError; refused: number } | undefined;

  function link(loose: readonly LooseRow[], from: ChainPosition): AuditRow[] {
    let { seq, hash: prevHash } = from;
    return loose.map((row) => {
      seq += 1;
      const placed = { ...row, writer, seq };
      const hash = hashRow(prevHash, placed);
      const linked = { ...placed, prevHash, hash };
      prevHash = hash;
      return linked;
    });
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

  /** Throws what the store throws. */
  async function settle({ rows, first, last, entries }: Doubt): Promise<void> {
    const [found] = await store.chain(writer, first.seq, 1);
    if (found === undefined) await store.append(rows);
    else if (found.id !== first.id)
      throw new GateError('internal', `the chain ${writer} was written by another process`);
    taken(last);
    doubt = undefined;
    let start = 0;
    for (const entry of entries) {
      const own = rows.slice(start, (start += entry.rows.length));
      if (!entry.isRefused) entry.resolve(own);
      else if (entry.amend !== undefined) keep(entry.amend());
      else entry.later?.(own);
    }
  }

  function keep(rows: readonly LooseRow[]): void {
    if (rows.length === 0) return;
    queuedRows += rows.length;
    const nobody = () => undefined;
    queue.push({ rows, later: nobody, amend: undefined, isRefused: true, resolve: nobody, reject: nobody });
  }

  function refuse(entry: Waiting, cause: GateError): void {
    if (entry.isRefused) return;
    if (gap !== undefined) gap.refused += 1;
    entry.isRefused = true;
    entry.reject(
      new GateError('unavailable', `the audit log cannot be written, so nothing is forwarded: ${toldOutside(cause)}`, {
        cause,
      }),
    );
  }

  /** Everybody who waits is refused; what is kept stays. What says so is kept too, and so tried until it is there: nobody has to ask. */
  function refuseAll(cause: GateError): void {
    if (gap === undefined) {
      gap = { since: clock.now(), why: cause, refused: 0 };
      keep(gapRows.begins(cause));
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

  function taken(end: ChainPosition): void {
    position = end;
    if (gap === undefined) return;
    const { since, why, refused } = gap;
    gap = undefined;
    keep(gapRows.ends({ why, ms: clock.now() - since, refused }));
  }

  /** Appends what waits; false: the store does not take it now. */
  async function appendNext(): Promise<boolean> {
    const startedAt = clock.now();
    let entries: readonly Waiting[] = [];
    let linked: AuditRow[] = [];
    try {
      if (doubt !== undefined) {
        await settle(doubt);
        return true;
      }
      const from = position ?? (await store.last(writer)) ?? GENESIS;
      entries = takeBatch();
      linked = link(
        entries.flatMap(({ rows }) => rows),
        from,
      );
      await store.append(linked);
      taken(linked.at(-1) ?? from);
      let start = 0;
      for (const entry of entries) {
        const own = linked.slice(start, (start += entry.rows.length));
        if (entry.isRefused) entry.later?.(own);
        else entry.resolve(own);
      }
      return true;
    } catch (error) {
      const cause = toGateError(error);
      // The lost one came after all, after it was looked for: it is found now.
      if (cause.code === 'conflict' && doubt !== undefined) return true;
      if (cause.code !== 'unavailable') {
        // It says that it has not taken them, and would say so again.
        for (const entry of doubt?.entries ?? entries) refuse(entry, cause);
        doubt = undefined;
        position = undefined;
        return true;
      }
      const [first] = linked;
      if (first !== undefined && cause instanceof AppendInDoubt) {
        doubt = { rows: linked, first, last: linked.at(-1) ?? first, entries };
        if (clock.now() - startedAt < SOON_MS) return true;
      } else {
        queue.unshift(...entries);
        for (const { rows } of entries) queuedRows += rows.length;
      }
      refuseAll(cause);
      return false;
    }
  }

  async function run(): Promise<void> {
    // What else is asked for in this turn joins the first append.
    await Promise.resolve();
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
        queue.push({ rows, later, amend, isRefused: false, resolve, reject });
        running ??= run();
      });
    },
    async flush() {
      await (running ??= run());
      cancelRetry?.();
      cancelRetry = undefined;
    },
    get owed() {
      return queuedRows + (doubt?.rows.length ?? 0);
    },
    get unwritable() {
      return gap?.why;
    },
  };
}
