// Makes something of rows whose words are learned as they are needed.
import { GateError } from 'mcpgate-shared/error';
import { saidBy, type NumberedChain, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import { wordIdsIn } from '../../store/audit/row-columns.ts';
import { MissingWord } from '../proof/quick-row-text.ts';

/**
 * Calls `make` with each; again where a word was missing. `rowsOf`: the rows that it is made of. Throws `internal` for a row that nobody has written
 * so, by its place.
 */
export async function inWords<Picked, Made>(
  log: Pick<LogReader, 'words' | 'learn'>,
  all: readonly Picked[],
  rowsOf: (picked: Picked) => readonly RawRow[],
  chainOf: (number: number) => NumberedChain,
  make: (picked: Picked) => Made,
): Promise<Made[]> {
  const made: Made[] = [];
  let learnedAt = -1;
  while (made.length < all.length) {
    try {
      for (const picked of all.slice(made.length)) made.push(make(picked));
    } catch (error) {
      const [row] = rowsOf(all[made.length] as Picked);
      if (error instanceof MissingWord && learnedAt < made.length) {
        learnedAt = made.length;
        await log.learn(missingWords(log, all.slice(made.length).flatMap(rowsOf), chainOf));
        continue;
      }
      if (error instanceof GateError) throw error;
      const place = row === undefined ? '?' : `row ${seqAt(row[0])} of chain ${chainOf(chainAt(row[0])).name}`;
      const text = `${place} of the audit log is not in the form it was written in: run mcpgate-broker audit verify`;
      throw new GateError('internal', text, { cause: error });
    }
  }
  return made;
}

function missingWords(
  log: Pick<LogReader, 'words'>,
  rows: readonly RawRow[],
  chainOf: (number: number) => NumberedChain,
): number[] {
  const ids = rows.flatMap((row) => {
    try {
      return wordIdsIn(saidBy(row), chainOf(chainAt(row[0])));
    } catch {
      // What is wrong about it is said when it is its turn.
      return [];
    }
  });
  return [...new Set(ids)].filter((id) => !log.words.has(id));
}
