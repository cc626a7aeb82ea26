// Appends to the audit log in one statement; before it, in one of their own, the words that the log does not have yet. Words that no row came to use
// do no harm.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { COLUMNS, columnValues, toColumns, type ColumnValue, type RowColumns } from '../audit/row-columns.ts';
import { argumentsIn, spansIn, type NewRow } from '../audit/row.ts';
import { digestOfWord, FreshWords, type WordBook } from '../audit/words.ts';
import type { LentClient } from './postgres-pool.ts';

/** How long an append may take: a call waits for it, and a server that was cut off silently must not hold the call longer. */
const APPEND_TIMEOUT_MS = 5_000;

const TYPES: Partial<Record<keyof RowColumns, string>> = {
  ...{ position: 'bigint', at: 'bigint', call: 'bigint', kind: 'smallint' },
  ...{ body: 'bytea', hash: 'bytea', seal: 'bytea' },
};
const APPEND = `INSERT INTO audit_rows (${COLUMNS.join(', ')}) SELECT * FROM unnest(${COLUMNS.map(
  (column, index) => `$${index + 1}::${TYPES[column] ?? 'integer'}[]`,
).join(', ')})`;

const BESIDE = [1, 2, 3, 4].map((place) => `$${COLUMNS.length + place}`);
/** The same where something is kept beside rows, arguments or spans, in one statement, so that there is never one without the other. */
const APPEND_WITH_MORE = `WITH rows AS (${APPEND}), arguments AS (
    INSERT INTO audit_arguments (position, sealed) SELECT * FROM unnest(${BESIDE[0]}::bigint[], ${BESIDE[1]}::bytea[])
  ) INSERT INTO call_spans (position, spans) SELECT * FROM unnest(${BESIDE[2]}::bigint[], ${BESIDE[3]}::text[])`;

const WORDS = 'unnest($1::text[], $2::smallint[], $3::bytea[]';
/** In order, so that two brokers that add the same words do not wait for each other. */
const ADD_WORDS = `INSERT INTO audit_words (workspace_id, kind, digest, text)
  SELECT * FROM ${WORDS}, $4::text[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`;
const FIND_WORDS = `SELECT wanted.place, audit_words.id, audit_words.text FROM ${WORDS})
  WITH ORDINALITY AS wanted (workspace_id, kind, digest, place) JOIN audit_words USING (workspace_id, kind, digest)`;
const FoundSchema = z.array(z.object({ place: z.number(), id: z.number(), text: z.string() }));

export async function appendRows(
  client: LentClient,
  book: WordBook,
  rows: readonly NewRow[],
  chains: ReadonlyMap<string, number>,
): Promise<void> {
  const fresh = new FreshWords(book);
  const convert = () => rows.map((row) => toColumns(row, chains, fresh.idOf));
  let columns = convert();
  if (!fresh.isEmpty) {
    await keepWords(client, fresh);
    fresh.committed();
    columns = convert();
  }
  const values: ColumnValue[][] = COLUMNS.map(() => []);
  for (const row of columns) for (const [index, value] of columnValues(row).entries()) values[index]?.push(value);
  const [sealed, spans] = [beside(columns, rows, argumentsIn), beside(columns, rows, spansIn)];
  if (sealed.positions.length === 0 && spans.positions.length === 0) {
    await client.query({ name: 'audit_append', text: APPEND, values, query_timeout: APPEND_TIMEOUT_MS });
    return;
  }
  await client.query({
    ...{ name: 'audit_append_with_more', text: APPEND_WITH_MORE, query_timeout: APPEND_TIMEOUT_MS },
    values: [...values, sealed.positions, sealed.values, spans.positions, spans.values],
  });
}

/** What is kept beside rows, each with the position of its row. */
function beside<T>(
  columns: readonly RowColumns[],
  rows: readonly NewRow[],
  kept: (row: NewRow | undefined) => T | undefined,
): { positions: number[]; values: T[] } {
  const all: { positions: number[]; values: T[] } = { positions: [], values: [] };
  for (const [index, { position }] of columns.entries()) {
    const value = kept(rows[index]);
    if (value === undefined) continue;
    all.positions.push(position);
    all.values.push(value);
  }
  return all;
}

async function keepWords(client: LentClient, fresh: FreshWords): Promise<void> {
  const noted = [...fresh.noted()];
  const keys = [
    noted.map(({ word }) => word.workspaceId),
    noted.map(({ word }) => word.kind),
    noted.map(({ word }) => digestOfWord(word.text)),
  ];
  const values = [...keys, noted.map(({ word }) => word.text)];
  await client.query({ name: 'audit_add_words', text: ADD_WORDS, values, query_timeout: APPEND_TIMEOUT_MS });
  const found = await client.query({
    ...{ name: 'audit_find_words', text: FIND_WORDS, values: keys, query_timeout: APPEND_TIMEOUT_MS },
  });
  const ids = new Map(FoundSchema.parse(found.rows).map(({ place, id, text }) => [place, { id, text }]));
  for (const [index, { word, found: isFound }] of noted.entries()) {
    const kept = ids.get(index + 1);
    if (kept?.text !== word.text)
      throw new GateError(
        'internal',
        'a word of the audit log is not what was written: run mcpgate-broker audit verify',
      );
    isFound(kept.id);
  }
}
