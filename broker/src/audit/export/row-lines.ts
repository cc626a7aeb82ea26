// Rows as JSON lines: each with all that its hash covers, as `mcpgate-audit-verify` reads them.
import { seqAt } from '../../store/audit/position.ts';
import { saidBy, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import { fieldsOf } from '../../store/audit/row-columns.ts';
import { FORMAT } from '../../store/audit/row.ts';
import { canonicalRow } from '../canonical-row.ts';
import { createQuickRowText, type QuickRowText, wordIn } from '../proof/quick-row-text.ts';
import { inWords } from './in-words.ts';
import type { Part, PickedRow } from './walk-log.ts';

export function createRowLines(log: Pick<LogReader, 'words' | 'learn'>): (part: Part<PickedRow>) => Promise<string[]> {
  let quick: { chain: string; text: QuickRowText } | undefined;
  const textOf = (id: number): string => wordIn(log.words, id);
  return async ({ chain, chainOf, picked, hashBefore }) => {
    if (quick?.chain !== chain.name)
      quick = { chain: chain.name, text: createQuickRowText(chain.name, (number) => chainOf(number).name, log.words) };
    const { text: quickText } = quick;
    return await inWords(
      log,
      picked,
      ({ row }) => [row],
      chainOf,
      ({ row, isWithheld }) => {
        const before = hashBefore(row);
        if (isWithheld) return withheldLine(row, chain, before);
        if (chain.format !== FORMAT) return oldLine(row, chain.name, before, textOf, chainOf);
        const text = quickText.of(row, before) ?? slowText(row, chain.name, before, textOf, chainOf);
        return `${text.slice(0, -1)},"hash":"${row[11]}"}\n`;
      },
    );
  };
}

type ChainOf = Part<PickedRow>['chainOf'];

/** Whoever may not see a row, or has not asked for it, gets its place and its hashes, by which the rows around it still hang together. */
function withheldLine(row: RawRow, { name: chain, format }: { name: string; format: number }, before: string): string {
  const line = { chain, seq: seqAt(row[0]), prev_hash: before, hash: row[11], v: format === FORMAT ? 2 : 1 };
  return `${JSON.stringify({ ...line, withheld: true })}\n`;
}

function slowText(row: RawRow, chain: string, before: string, text: (id: number) => string, chainOf: ChainOf): string {
  const columns = saidBy(row);
  return canonicalRow({ ...fieldsOf(columns, chainOf, text), chain, seq: seqAt(row[0]), at: row[1] }, before);
}

function oldLine(
  row: RawRow,
  chain: string,
  prev_hash: string,
  text: (id: number) => string,
  chainOf: ChainOf,
): string {
  const said = fieldsOf(saidBy(row), chainOf, text);
  if (said.kind !== 'old') throw new TypeError('it is no row of format 1');
  const {
    id,
    workspaceId: workspace_id,
    ts,
    type,
    callId: call_id,
    actor,
    subject,
    server,
    toolName: tool_name,
  } = said;
  const line = { id, workspace_id, ts, type, call_id, actor, subject, server, tool_name, data: said.data };
  return `${JSON.stringify({ ...line, chain, seq: seqAt(row[0]), prev_hash, hash: row[11], v: 1 })}\n`;
}
