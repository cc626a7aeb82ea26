// The file of a backup (docs/operations.md says it byte for byte): one line of JSON that says what it is of, the rows as JSON lines, compressed with
// zstd, and one line of JSON with the digest of all before it. The rows are the same whichever engine they come from.
import { z } from 'zod';

export const FORMAT = 'mcpgate-backup';
export const FORMAT_VERSION = 1;

export const BackupHeaderSchema = z.object({
  format: z.literal(FORMAT),
  format_version: z.int().min(1),
  /** Of the broker that has written it. */
  version: z.string(),
  created_at: z.iso.datetime(),
  engine: z.enum(['sqlite', 'postgres']),
  /** The migrations that had made the tables, in the order of their names; the last one is the version of the schema. */
  migrations: z.array(z.string()).min(1),
  workspaces: z.int(),
  /** The ids of the master keys of which one is needed to open what is in it. Never a key. */
  master_keys: z.array(z.string()).min(1),
  /** How many rows each table has, in the order in which they stand in the file. */
  tables: z.record(z.string(), z.int()),
});
export type BackupHeader = z.output<typeof BackupHeaderSchema>;

export const BackupTrailerSchema = z.strictObject({
  /** SHA-256 of every byte before this line, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** HMAC-SHA256 of it, hex, with a key that is made of the master key `key`. */
  mac: z.string().regex(/^[0-9a-f]{64}$/),
  /** The id of the master key. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
});
export type BackupTrailer = z.output<typeof BackupTrailerSchema>;

/** The last line, which has the same length in every file. It begins with a line break, because compressed bytes need not end with one. */
export const trailerText = ({ sha256, mac, key }: BackupTrailer): string =>
  `\n${JSON.stringify({ sha256, mac, key })}\n`;

export const TRAILER_BYTES = trailerText({ sha256: '0'.repeat(64), mac: '0'.repeat(64), key: '0'.repeat(16) }).length;

/** A header is longer only where something else begins like one. */
export const HEADER_MAX_BYTES = 256 * 1024;

/** What a column holds, whatever the engine calls it: a whole number, a text, bytes (in base64), a number with a fraction, a truth value. */
export type ColumnKind = 'int' | 'text' | 'bytes' | 'real' | 'bool';

export interface TableShape {
  name: string;
  columns: { name: string; kind: ColumnKind }[];
}

/** What stands before the rows of a table, each of which is an array, and behind them. */
export const TableBeginSchema = z.strictObject({
  table: z.string(),
  columns: z.array(z.string()),
  kinds: z.array(z.enum(['int', 'text', 'bytes', 'real', 'bool'])),
});
export const TableEndSchema = z.strictObject({ end: z.string(), rows: z.int() });
