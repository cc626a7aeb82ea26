// Whether the log names its archives as they are signed: each has a row `audit.archived`, which stands in the database or in a later archive.
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { recordId, tailOf } from '../../domain/record-id.ts';
import { columnsOf, type NumberedChain, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { seqAt } from '../../store/audit/position.ts';
import { fieldsOf, KIND } from '../../store/audit/row-columns.ts';
import { WORD } from '../../store/audit/words.ts';
import type { ArchiveStatement } from '../archive/archive-statement.ts';
import { ARCHIVED, isToldOf } from '../archive/archived-event.ts';
import { EventSchema } from '../old-rows.ts';
import { type Fault, LogFault } from './verdict.ts';

/**
 * The numbers of the archives whose rows have begun to go: before that the event was committed. Asked before anything else is read, because a broker may
 * archive meanwhile.
 */
export async function begunRemovals(log: Pick<LogReader, 'spans' | 'at'>): Promise<ReadonlySet<number>> {
  // The spans come in the order of their positions, and the last row of the last one goes first.
  const last = new Map((await log.spans()).map(({ archive, to }) => [archive, to]));
  const there = new Set((await log.at([...last.values()])).map(([position]) => position));
  return new Set([...last].flatMap(([archive, to]) => (there.has(to) ? [] : [archive])));
}

export interface ToldArchives {
  /** The archives that the rows name, which are right by themselves. Throws LogFault for one that is named as another one than was signed. */
  take(chain: NumberedChain, rows: readonly RawRow[]): string[];
  /** Rows have named these. */
  add(names: readonly string[]): void;
  /** The archives that no row has named, which must be named in a later archive. Throws LogFault where there is no later one. */
  untold(begun: ReadonlySet<number>): string[];
}

export async function createToldArchives(
  log: Pick<LogReader, 'wordsOf'>,
  statements: readonly ArchiveStatement[],
  chainOf: (number: number) => NumberedChain,
): Promise<ToldArchives> {
  const words = await log.wordsOf(DEFAULT_WORKSPACE, WORD.type);
  const types = new Set(words.flatMap(({ id, text }) => (text === ARCHIVED ? [id] : [])));
  const signed = new Map(statements.map((statement) => [statement.name, statement]));
  const told = new Set<string>();

  /** Undefined where it is no event. The hash of the row fits, and its seal may stand in rows that are not checked yet. */
  function dataOf(row: RawRow, place: Omit<Fault, 'why'>): Readonly<Record<string, unknown>> | undefined {
    try {
      // Of its words none is needed.
      const said = fieldsOf(columnsOf(row), chainOf, () => '');
      return said.kind === 'event' ? EventSchema.parse(JSON.parse(said.details)).data : undefined;
    } catch {
      throw new LogFault({ ...place, why: 'what it says of an archive is nothing that a broker writes' });
    }
  }

  return {
    take(chain, rows) {
      const names: string[] = [];
      if (types.size === 0) return names;
      for (const row of rows) {
        if (row[3] !== KIND.event || row[9] === null || !types.has(row[9])) continue;
        const place = { chain: chain.name, seq: seqAt(row[0]), id: recordId(row[1], tailOf(chain.name)) };
        const data = dataOf(row, place);
        if (data === undefined) continue;
        const name = String(data['name']);
        const statement = signed.get(name);
        if (statement !== undefined && isToldOf(statement, data)) {
          names.push(name);
          continue;
        }
        const what = statement === undefined ? 'is not known any more' : 'is another one than it names';
        throw new LogFault({ ...place, why: `the archive ${name} ${what}` });
      }
      return names;
    },
    add(names) {
      for (const name of names) told.add(name);
    },
    untold(begun) {
      const left = statements.filter(({ name, number }) => begun.has(number) && !told.has(name));
      const last = left.find(({ number }) => number === statements.length);
      if (last !== undefined) {
        const [{ chain, first_seq: seq } = { chain: '?', first_seq: null }] = last.spans;
        throw new LogFault({ chain, seq, id: null, why: `no row of the log names the archive ${last.name}` });
      }
      return left.map(({ name }) => name);
    },
  };
}
