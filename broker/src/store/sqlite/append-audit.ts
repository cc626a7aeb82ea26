// Appends to the audit log without the query builder, whose cost would be paid in every call.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GateError } from 'mcpgate-shared/error';
import { COLUMNS, columnValues, toColumns, type RowColumns } from '../audit/row-columns.ts';
import { argumentsIn, spansIn, type NewRow } from '../audit/row.ts';
import { digestOfWord, FreshWords, type Word, type WordBook } from '../audit/words.ts';

export type AppendAudit = (rows: readonly NewRow[], chains: ReadonlyMap<string, number>) => void;

const INSERT = `INSERT INTO audit_rows (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`;
const KEEP_ARGUMENTS = 'INSERT INTO audit_arguments (position, sealed) VALUES (?, ?)';
const KEEP_SPANS = 'INSERT INTO call_spans (position, spans) VALUES (?, ?)';
const ADD_WORD = `INSERT INTO audit_words (workspace_id, kind, digest, text) VALUES (?, ?, ?, ?)
  ON CONFLICT (workspace_id, kind, digest) DO NOTHING`;
const FIND_WORD = 'SELECT id, text FROM audit_words WHERE workspace_id = ? AND kind = ? AND digest = ?';

export function createAuditAppend(database: DatabaseSync, book: WordBook): AppendAudit {
  const prepared = new Map<string, StatementSync>();

  /** At first use, because the tables exist only after the migrations. */
  function statement(text: string): StatementSync {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const made = database.prepare(text);
    prepared.set(text, made);
    return made;
  }

  function inTransaction(work: () => void): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function keep({ workspaceId, kind, text }: Word): number {
    const digest = digestOfWord(text);
    statement(ADD_WORD).run(workspaceId, kind, digest, text);
    const found = statement(FIND_WORD).get(workspaceId, kind, digest);
    const id = found?.['id'];
    if (typeof id === 'number' && found?.['text'] === text) return id;
    throw new GateError('internal', 'a word of the audit log is not what was written: run mcpgate-broker audit verify');
  }

  return (rows, chains) => {
    const insert = statement(INSERT);
    const fresh = new FreshWords(book);
    const columns = () => rows.map((row) => toColumns(row, chains, fresh.idOf));
    const put = (all: readonly RowColumns[]): void => {
      for (const [index, row] of all.entries()) {
        insert.run(...columnValues(row));
        const sealed = argumentsIn(rows[index]);
        if (sealed !== undefined) statement(KEEP_ARGUMENTS).run(row.position, sealed);
        const spans = spansIn(rows[index]);
        if (spans !== undefined) statement(KEEP_SPANS).run(row.position, spans);
      }
    };
    const ready = columns();
    if (fresh.isEmpty) {
      // One statement is a transaction of its own.
      if (rows.length === 1 && spansIn(rows[0]) === undefined) put(ready);
      else inTransaction(() => put(ready));
      return;
    }
    inTransaction(() => {
      for (const { word, found } of fresh.noted()) found(keep(word));
      put(columns());
    });
    fresh.committed();
  };
}
