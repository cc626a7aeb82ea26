// Rows in the database that stand in an archive. They are those that a broker is removing now, of the last archive, or somebody has added them: a search finds
// them as if they were of the log.
import type { LogReader, ReadChain } from '../../store/audit/log-reader.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import type { ArchiveStatement } from '../archive/archive-statement.ts';
import type { ChainSpan } from './check-span.ts';
import { LogFault } from './verdict.ts';

/** What is to be checked of them. Throws LogFault for a row that was removed before. */
export async function goingSpans(
  log: Pick<LogReader, 'spans' | 'rows'>,
  statements: readonly ArchiveStatement[],
  chains: readonly ReadChain[],
): Promise<ChainSpan[]> {
  const numbers = new Map(chains.map((chain) => [chain.number, chain]));
  const going: ChainSpan[] = [];
  for (const { archive, from, to, prevHash, sealKey } of await log.spans()) {
    const statement = statements[archive - 1];
    const chain = numbers.get(chainAt(from));
    // An archive that was made after its statement was read, and a chain that began meanwhile, are looked at the next time.
    if (statement === undefined || chain === undefined) continue;
    const found = await firstIn(log, chain, seqAt(from), seqAt(to));
    if (found === undefined) continue;
    // All rows of an archive have gone before the next one is made, and its first row goes last.
    if (archive !== statements.length || found !== seqAt(from)) {
      const why = `it stands in the archive ${statement.name}, and was removed from the database: somebody has added it`;
      throw new LogFault({ chain: chain.name, seq: found, id: null, why });
    }
    const before = { seq: seqAt(from) - 1, hash: prevHash, sealKey };
    going.push({ chain: { ...chain, firstSeq: found, archived: before }, from: found, to: seqAt(to), isGoing: true });
  }
  return going;
}

async function firstIn(
  log: Pick<LogReader, 'rows'>,
  { number }: ReadChain,
  from: number,
  to: number,
): Promise<number | undefined> {
  for await (const [row] of log.rows(number, from, to)) if (row !== undefined) return seqAt(row[0]);
  return undefined;
}
