// The hash chain of a writer: the hash of each row covers the row and the hash of the row before it. So a check finds a row that was changed,
// removed, added or moved.
import { hash } from 'node:crypto';
import { type AuditRow, FORMAT } from '../store/audit/row.ts';
import { canonicalRow, type HashedRow } from './canonical-row.ts';

/** A position in a chain: that of a row which is known to be good. */
export interface ChainPosition {
  seq: number;
  hash: string;
}

/** The position before the first row of a writer. */
export const GENESIS: ChainPosition = { seq: -1, hash: '0'.repeat(64) };
/** The same of a chain of format 1: its rows are counted from 1. */
const OLD_GENESIS: ChainPosition = { ...GENESIS, seq: 0 };

export const genesisOf = (format: number): ChainPosition => (format === FORMAT ? GENESIS : OLD_GENESIS);

export type ChainVerdict =
  | { ok: true; rows: number; last: ChainPosition }
  /** `seq` is that of the first row that does not fit. */
  | { ok: false; seq: number; id: string; reason: string };

/** SHA-256 (hex) of the row's canonical form. */
export function hashRow(prevHash: string, row: HashedRow): string {
  return hash('sha256', canonicalRow(row, prevHash), 'hex');
}

/**
 * Checks the rows of one writer, in order, from the row after `from` on. Rows that were cut off at the end cannot be noticed here, but only by
 * comparing `last` with a position that was kept elsewhere.
 */
export function verifyChain(rows: Iterable<AuditRow>, from: ChainPosition = GENESIS): ChainVerdict {
  let last = from;
  let count = 0;
  let writer: string | undefined;
  for (const row of rows) {
    const reason = fault(row, last, (writer ??= row.chain));
    if (reason !== undefined) return { ok: false, seq: row.seq, id: row.id, reason };
    last = { seq: row.seq, hash: row.hash };
    count += 1;
  }
  return { ok: true, rows: count, last };
}

function fault(row: AuditRow, last: ChainPosition, writer: string): string | undefined {
  if (row.chain !== writer) return `it belongs to the chain of ${row.chain}, not ${writer}`;
  if (row.seq !== last.seq + 1) return `row ${last.seq + 1} should stand here: rows were removed, added or moved`;
  if (row.prevHash !== last.hash) return 'it does not follow the row before it: one of the two was replaced';
  if (row.hash !== hashRow(last.hash, row)) return 'its content is not what was written';
  return undefined;
}
