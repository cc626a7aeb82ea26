// Whether what the database says of archives was signed, and follows on each other without a gap: by that alone rows may be missing from the database. What
// the files hold is looked at where they are.
import type { LogReader, ReadChain } from '../../store/audit/log-reader.ts';
import type { RawArchive, RawSpan } from '../../store/audit/log-connection.ts';
import { chainAt, seqAt } from '../../store/audit/position.ts';
import { type ArchiveStatement, ArchiveStatementSchema, isSealedBy } from '../archive/archive-statement.ts';
import { FORMAT } from '../../store/audit/row.ts';
import { genesisOf } from '../hash-chain.ts';
import { LogFault, type Proofs } from './verdict.ts';

export interface ArchivedEnds {
  /** In their order. */
  statements: readonly ArchiveStatement[];
  rows: number;
  /** The hash of a row at which an archive ends. */
  hashAt(chain: string, seq: number): string | undefined;
}

/** Throws LogFault for the first that is not as it was written. */
export async function checkArchives(
  log: Pick<LogReader, 'archives' | 'spans'>,
  proofs: Pick<Proofs, 'keys'>,
  chains: readonly ReadChain[],
): Promise<ArchivedEnds> {
  const [archives, spans] = [await log.archives(), Map.groupBy(await log.spans(), ({ archive }) => archive)];
  const chainOf = new Map(chains.map((chain) => [chain.number, chain]));
  const formats = new Map(chains.map(({ name, format }) => [name, format]));
  const hashes = new Map<string, string>();
  const ends = new Map<string, { seq: number; hash: string; sealKey: string | null }>();
  const statements: ArchiveStatement[] = [];
  let rows = 0;
  for (const archive of archives) {
    const statement = statementOf(archive, proofs);
    const columns = [statement.since, statement.until, statement.at].map((time) => Date.parse(time));
    if ([archive.since, archive.until, archive.at].join() !== columns.join() || archive.rows !== statement.rows)
      throw about(archive, statement, `${archive.name} is found at another time, or with other rows, than was signed`);
    const previous = statements.at(-1);
    if (statement.number !== archive.number || statement.number !== (previous?.number ?? 0) + 1)
      throw about(archive, statement, `the archive before ${archive.name} is not known any more`);
    if (statement.previous?.sha256 !== previous?.sha256)
      throw about(archive, statement, `the archive before ${archive.name} is another one than it names`);
    const said = (spans.get(archive.number) ?? []).map((span) => textOf(span, chainOf)).toSorted();
    const signed = statement.spans.map((span) => JSON.stringify(Object.values(inOrder(span)))).toSorted();
    if (said.length !== signed.length || said.some((text, index) => text !== signed[index]))
      throw about(archive, statement, `the rows that are said to be in ${archive.name} are not those that were signed`);
    for (const span of statement.spans) {
      const genesis = genesisOf(formats.get(span.chain) ?? FORMAT);
      const end = ends.get(span.chain) ?? { seq: genesis.seq, hash: span.prev_hash, sealKey: span.seal_key };
      if (span.first_seq !== end.seq + 1 || span.prev_hash !== end.hash || span.seal_key !== end.sealKey)
        throw about(archive, statement, `${archive.name} does not follow the archive before it`);
      ends.set(span.chain, { seq: span.last_seq, hash: span.hash, sealKey: span.seal_key });
      hashes.set(`${span.chain}#${span.last_seq}`, span.hash);
    }
    rows += statement.rows;
    statements.push(statement);
  }
  const unsigned = [...spans.keys()].find((number) => !archives.some((archive) => archive.number === number));
  if (unsigned !== undefined) {
    const why = `rows are said to be in the archive ${unsigned}, which is not known`;
    throw new LogFault({ chain: '?', seq: null, id: null, why });
  }
  return { statements, rows, hashAt: (chain, seq) => hashes.get(`${chain}#${seq}`) };
}

function statementOf(archive: RawArchive, { keys }: Pick<Proofs, 'keys'>): ArchiveStatement {
  const read = ArchiveStatementSchema.safeParse(jsonOf(archive.statement));
  const nobody = { spans: [] };
  if (!read.success || read.data.name !== archive.name)
    throw about(archive, nobody, `what is said of the archive ${archive.name} is nothing that a broker writes`);
  const key = keys.get(read.data.key);
  if (key === undefined || !isSealedBy({ statement: read.data, signature: archive.signature }, key))
    throw about(archive, read.data, `what is said of the archive ${archive.name} is not what was signed`);
  return read.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Said where it does not have the form.
    return undefined;
  }
}

const inOrder = ({ chain, first_seq, last_seq, prev_hash, hash, seal_key }: ArchiveStatement['spans'][number]) => ({
  ...{ chain, first_seq, last_seq, prev_hash, hash, seal_key },
});

function textOf({ from, to, prevHash, hash, sealKey }: RawSpan, chains: ReadonlyMap<number, ReadChain>): string {
  const chain = chains.get(chainAt(from))?.name ?? null;
  return JSON.stringify([chain, seqAt(from), seqAt(to), prevHash, hash, sealKey]);
}

function about(archive: Pick<RawArchive, 'name'>, { spans }: { spans: ArchiveStatement['spans'] }, why: string) {
  return new LogFault({ chain: spans[0]?.chain ?? archive.name, seq: spans[0]?.first_seq ?? null, id: null, why });
}
