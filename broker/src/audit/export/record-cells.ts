// Records of calls and events as the cells of their columns.
import { seqAt } from '../../store/audit/position.ts';
import { saidBy, type NumberedChain, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { fieldsOf } from '../../store/audit/row-columns.ts';
import type { AuditRow } from '../../store/audit/row.ts';
import { createTextReader, toCallRecord, toLoggedEvent } from '../log-rows.ts';
import { MissingWord } from '../proof/quick-row-text.ts';
import { inWords } from './in-words.ts';
import { callCells, eventCells, type Cell } from './record-columns.ts';
import type { Part, PickedRecord } from './walk-log.ts';

export function createRecordCells(
  log: Pick<LogReader, 'words' | 'learn'>,
): (part: Part<PickedRecord>) => Promise<Cell[][]> {
  const read = createTextReader();
  const textOf = (id: number): string => {
    const text = log.words.get(id);
    if (text === undefined) throw new MissingWord(id);
    return text;
  };
  return async ({ chain, chainOf, picked, hashBefore }) => {
    const rowOf = (row: RawRow, of: NumberedChain): AuditRow => {
      const [position, at, , , , , , , , , , hash, seal] = row;
      const place = { chain: of.name, seq: seqAt(position), position, at, hash, seal, prevHash: hashBefore(row) };
      return { ...fieldsOf(saidBy(row), chainOf, textOf), ...place };
    };
    const rowsOf = (each: PickedRecord): RawRow[] =>
      each.kind === 'event' ? [each.row] : [each.intent, ...(each.outcome === undefined ? [] : [each.outcome])];
    return await inWords(log, picked, rowsOf, chainOf, (each) => {
      if (each.kind === 'event') {
        const row = rowOf(each.row, chain);
        if (row.kind !== 'event' && row.kind !== 'old') throw new TypeError('it is no event');
        return eventCells(toLoggedEvent(row, read), row);
      }
      const intent = rowOf(each.intent, chain);
      const outcome = each.outcome === undefined ? null : rowOf(each.outcome, chain);
      if (intent.kind !== 'intent' && intent.kind !== 'old') throw new TypeError('it is no intent');
      if (outcome !== null && outcome.kind !== 'outcome' && outcome.kind !== 'old')
        throw new TypeError('it is no outcome');
      return callCells(toCallRecord({ intent, outcome }, read), outcome ?? intent, intent);
    });
  };
}
