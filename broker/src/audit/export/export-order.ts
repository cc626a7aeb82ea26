// What an export of the log is to hold, and in which form. It can be sent to a thread.
import type { CallFilters } from '../audit.ts';
import type { LogSource } from '../../store/audit/log-connection.ts';

/** A row of the log as it is bound in its chain, one line for each call and event, or what all of them come to. */
export type ExportFormat = 'rows' | 'jsonl' | 'csv' | 'parquet' | 'summary';

/** What is left out is not asked for. Times are milliseconds since the epoch. */
export interface ExportFilter extends CallFilters {
  since?: number | undefined;
  until?: number | undefined;
  user?: string | undefined;
  tool?: string | undefined;
  server?: string | undefined;
  type?: string | undefined;
  subject?: string | undefined;
  text?: string | undefined;
  what?: 'calls' | 'events' | undefined;
}

/** Where in the log. */
export interface ExportPlace {
  chain: string;
  seq: number;
}

/** How far the log went when an export began, by the numbers of chains: an export that is broken off goes on as of that moment. */
export type ExportEnds = readonly (readonly [chain: number, lastSeq: number])[];

export interface ExportOrder {
  source: LogSource;
  format: ExportFormat;
  workspaceId: string;
  filter: ExportFilter;
  /** The names of the server that was asked for, with their times; undefined: none was. */
  servers: readonly { name: string; from: number; until: number }[] | undefined;
  /** Rows that do not fit stand in it by their hashes. */
  isLinked: boolean;
  /** Goes on behind this row. */
  after: ExportPlace | undefined;
  ends: ExportEnds | undefined;
  /** At most so many lines. */
  limit: number | undefined;
}

const OF_CALLS = ['tool', 'status', 'decision', 'rule', 'secret', 'credential', 'client', 'session'] as const;

/** What is asked for that only calls have. */
export const askedOfCalls = (filter: ExportFilter): (typeof OF_CALLS)[number] | undefined =>
  OF_CALLS.find((name) => filter[name] !== undefined);

/** Whether all rows of a time are wanted, whatever they say. */
export const isWhole = ({ since: _since, until: _until, ...filter }: ExportFilter): boolean =>
  Object.values(filter).every((value) => value === undefined);
