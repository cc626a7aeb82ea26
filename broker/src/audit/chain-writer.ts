// Appends rows to this process's chain. Rows that come while an append is under way, or in one turn of the loop, go in the next one
// together; a row that comes alone is committed before its caller goes on.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { AuditRow } from '../store/audit-row.ts';
import type { Store } from '../store/store.ts';
import { type ChainPosition, GENESIS, hashRow } from './hash-chain.ts';

/** A row before it has its place in the chain. */
export type LooseRow = Omit<AuditRow, 'writer' | 'seq' | 'prevHash' | 'hash'>;

const MAX_QUEUED_ROWS = 10_000;
const MAX_ROWS_PER_APPEND = 1_000;

interface Waiting {
  rows: readonly LooseRow[];
  resolve(rows: AuditRow[]): void;
  reject(error: GateError): void;
}

export interface ChainWriter {
  /** All of `rows` in one commit; resolves with them as they stand in the chain. Throws `unavailable`: then none of them may be relied on. */
  append(rows: readonly LooseRow[]): Promise<AuditRow[]>;
  /** Resolves when nothing is queued or under way. */
  flush(): Promise<void>;
}

export function createChainWriter(store: Store['audit'], writer: string): ChainWriter {
  const queue: Waiting[] = [];
  let queuedRows = 0;
  /** The end of the chain; undefined before the first append, and after one whose fate is not known. */
  let position: ChainPosition | undefined;
  let running: Promise<void> | undefined;

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

  async function run(): Promise<void> {
    // What else is asked for in this turn joins the first append.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = takeBatch();
      try {
        const from = position ?? (await store.last(writer)) ?? GENESIS;
        position = undefined;
        const rows = link(batch.length === 1 && batch[0] ? batch[0].rows : batch.flatMap((entry) => entry.rows), from);
        await store.append(rows);
        const last = rows.at(-1);
        position = last ?? from;
        let start = 0;
        for (const entry of batch) entry.resolve(rows.slice(start, (start += entry.rows.length)));
      } catch (error) {
        const cause = toGateError(error);
        const text = `the audit log cannot be written, so nothing is forwarded: ${cause.message}`;
        for (const entry of batch) entry.reject(new GateError('unavailable', text, { cause }));
      }
    }
    running = undefined;
  }

  return {
    append(rows) {
      if (queuedRows + rows.length > MAX_QUEUED_ROWS) {
        const text = `the audit log is ${queuedRows} records behind, so nothing is forwarded: try again in a moment`;
        return Promise.reject(new GateError('unavailable', text));
      }
      queuedRows += rows.length;
      return new Promise((resolve, reject) => {
        queue.push({ rows, resolve, reject });
        running ??= run();
      });
    },
    async flush() {
      while (running) await running;
    },
  };
}
