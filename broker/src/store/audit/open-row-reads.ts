// Reads calls and events on a connection of its own, which writes nothing: for a thread that searches while the broker goes on with its calls.
import { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import { openPostgresReads } from '../postgres/open-postgres.ts';
import { openSqliteReads } from '../sqlite/open-sqlite.ts';
import type { LogSource } from './log-connection.ts';
import { createRowReader } from './row-reader.ts';
import { createRowReads, type RowReads } from './row-reads.ts';
import { WordBook } from './words.ts';

/** Throws `unavailable` where there is no such file; PostgreSQL is connected at the first question. */
export function openRowReads(source: LogSource): { rows: RowReads; close: () => Promise<void> } {
  const { dialect, close } = source.kind === 'sqlite' ? openSqliteReads(source.file) : openPostgresReads(source.url);
  const db = new Kysely<Database>({ dialect });
  return { rows: createRowReads({ db, kind: source.kind, reader: createRowReader(db, new WordBook()) }), close };
}
