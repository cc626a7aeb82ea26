// What the thread that writes archives is told, and what it says. Both can be sent between threads.
import type { KeyObject } from 'node:crypto';
import type { ErrorCode } from 'mcpgate-shared/error';
import type { LogSource } from '../../store/audit/log-connection.ts';
import type { ArchivedSpan } from '../../store/repositories/audit-archives.ts';
import type { HeldBack } from './plan-cut.ts';

export interface ArchiveOrder {
  source: LogSource;
  /** Ms since the epoch. */
  before: number;
  limit: number;
  had: ReadonlyMap<string, number>;
  /** The chains of brokers that run end so. */
  writers: readonly string[];
  overAfterMs: number;
  now: number;
  /** Left out: the cut is only planned. */
  file?: {
    /** Of the file as it is written. */
    path: string;
    name: string;
    number: number;
    previous: { name: string; sha256: string } | null;
    version: string;
    key: { kid: string; key: KeyObject };
  };
}

export interface PlannedArchive {
  rows: number;
  since: number;
  until: number;
  held: HeldBack[];
}

export interface WrittenArchive extends PlannedArchive {
  spans: Omit<ArchivedSpan, 'archive'>[];
  statement: string;
  signature: string;
  sha256: string;
  bytes: number;
}

export type ArchiveMessage =
  | { kind: 'planned'; planned: PlannedArchive }
  | { kind: 'progress'; rows: number; of: number }
  | { kind: 'written'; written: WrittenArchive }
  | { kind: 'failed'; code: ErrorCode; message: string };
