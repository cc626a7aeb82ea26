// Makes rows of the audit log of the columns that a query has found: with their words, their chains, and the hashes of the rows before them.
import type { Kysely } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import type { Database } from '../schema.ts';
import { chainAt, seqAt } from './position.ts';
import { fieldsOf, wordIdsIn, type RowColumns } from './row-columns.ts';
import type { AuditRow, Chain } from './row.ts';
import type { WordBook } from './words.ts';

export interface RowReader {
  /** In the order of `found`. Throws `internal` for a row that nobody has written so. */
  read(found: readonly RowColumns[]): Promise<AuditRow[]>;
}

/** So many values has a statement at most. */
const AT_ONCE = 1_000;
/** What stands for the hash before the first row of a chain. */
const NO_HASH = '0'.repeat(64);

export function createRowReader(db: Kysely<Database>, book: WordBook): RowReader {
  const chains = new Map<number, Chain>();

  async function chainsOf(found: readonly RowColumns[]): Promise<(number: number) => Chain> {
    const numbers = found.flatMap(({ position, call }) => [
      chainAt(position),
      ...(call === null ? [] : [chainAt(call)]),
    ]);
    for (const ids of batches(numbers.filter((number) => !chains.has(number)))) {
      const rows = await db.selectFrom('audit_chains').selectAll().where('id', 'in', ids).execute();
      for (const { id, name, format } of rows) chains.set(id, { name, format });
    }
    return (number) => {
      const chain = chains.get(number);
      if (chain === undefined) throw new RangeError(`there is no chain ${number}`);
      return chain;
    };
  }

  async function textsOf(ids: readonly number[]): Promise<(id: number) => string> {
    const texts = new Map<number, string>();
    const unknown: number[] = [];
    for (const id of new Set(ids)) {
      const text = book.text(id);
      if (text === undefined) unknown.push(id);
      else texts.set(id, text);
    }
    for (const some of batches(unknown)) {
      const rows = await db.selectFrom('audit_words').select(['id', 'text']).where('id', 'in', some).execute();
      for (const { id, text } of rows) {
        texts.set(id, text);
        book.learnText(id, text);
      }
    }
    return (id) => {
      const text = texts.get(id);
      if (text === undefined) throw new RangeError(`there is no word ${id}`);
      return text;
    };
  }

  async function hashesBefore(found: readonly RowColumns[]): Promise<Map<number, string>> {
    const hashes = new Map(found.map(({ position, hash }) => [position, hexOf(hash)]));
    const before = found.map(({ position }) => position - 1).filter((position) => !hashes.has(position));
    for (const some of batches(before)) {
      const rows = await db
        .selectFrom('audit_rows')
        .select(['position', 'hash'])
        .where('position', 'in', some)
        .execute();
      for (const { position, hash } of rows) hashes.set(position, hexOf(hash));
    }
    // The row before may have gone into an archive.
    const gone = before.filter((position) => !hashes.has(position) && seqAt(position + 1) !== 0);
    for (const some of batches(gone)) {
      const ends = await db
        .selectFrom('audit_archived_spans')
        .select(['from_position', 'to_position', 'prev_hash', 'hash'])
        .where((eb) =>
          eb.or([
            eb('to_position', 'in', some),
            eb(
              'from_position',
              'in',
              some.map((position) => position + 1),
            ),
          ]),
        )
        .execute();
      for (const { from_position: from, to_position: to, prev_hash: prevHash, hash } of ends) {
        hashes.set(from - 1, hexOf(prevHash));
        hashes.set(to, hexOf(hash));
      }
    }
    return hashes;
  }

  return {
    async read(found) {
      if (found.length === 0) return [];
      const chainOf = await chainsOf(found);
      const ids = found.flatMap((row) => inForm(row, () => wordIdsIn(row, chainOf(chainAt(row.position)))));
      const text = await textsOf(ids);
      const hashes = await hashesBefore(found);
      return found.map((row) => {
        const fields = inForm(row, () => fieldsOf(row, chainOf, text));
        const place = { chain: chainOf(chainAt(row.position)).name, seq: seqAt(row.position) };
        const { position, at, hash, seal } = row;
        const prevHash = hashes.get(position - 1) ?? NO_HASH;
        return { ...fields, ...place, position, at, hash: hexOf(hash), seal, prevHash };
      });
    },
  };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function inForm<T>({ position }: RowColumns, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const row = `row ${seqAt(position)} of chain ${chainAt(position)} of the audit log`;
    const text = `${row} is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it`;
    throw new GateError('internal', text, { cause: error });
  }
}

function* batches<T>(values: readonly T[]): Iterable<T[]> {
  for (let start = 0; start < values.length; start += AT_ONCE) yield values.slice(start, start + AT_ONCE);
}
