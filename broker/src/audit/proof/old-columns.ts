// What the hash of a row of format 1 does not cover: the columns by which it is found, and which outcome is of which call. Both follow from what it
// says, as it was carried over.
import { endedWord, momentOfOld } from '../../store/audit/carry-audit-events.ts';
import { KIND, type RowColumns } from '../../store/audit/row-columns.ts';
import type { OldFields } from '../../store/audit/row.ts';

export interface OldColumns {
  /** Why the row is found otherwise than it was written; undefined where it is not. */
  wrong(row: RowColumns, said: OldFields & { id: string }, texts: ReadonlyMap<number, string>): string | undefined;
}

/** `knowsAll`: the chain is checked from its first row on. */
export function createOldColumns(knowsAll: boolean): OldColumns {
  const underWay = new Map<string, number>();
  return {
    wrong(row, said, texts) {
      const kind = said.type === 'call.intent' ? KIND.intent : said.type === 'call.outcome' ? KIND.outcome : KIND.event;
      if (row.kind !== kind) return 'it is found as something else than it is';
      if (row.at !== momentOfOld(said.id, said.ts)) return 'it is found at another time than its own';
      const facts = kind === KIND.event ? said.type : kind === KIND.outcome ? endedWord(said.data) : null;
      if ((row.facts === null ? null : texts.get(row.facts)) !== facts) return 'it is found by what it does not say';
      if (said.callId === null || kind === KIND.event) return undefined;
      if (kind === KIND.intent) {
        underWay.set(said.callId, row.position);
        return undefined;
      }
      const call = underWay.get(said.callId) ?? null;
      underWay.delete(said.callId);
      return row.call === call || (!knowsAll && call === null)
        ? undefined
        : 'it is joined to another call than its own';
    },
  };
}
