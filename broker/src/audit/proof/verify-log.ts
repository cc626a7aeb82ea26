// Verifies the log in a database: every row is what was written, stands where it was written, and was written by somebody who has the vault's key; no
// chain is missing that another one or a checkpoint names.
import { chainFinder, liveRows, type LogReader, type ReadChain } from '../../store/audit/log-reader.ts';
import { seqAt } from '../../store/audit/position.ts';
import type { ChainHead } from '../../store/audit/row.ts';
import type { ArchiveStatement } from '../archive/archive-statement.ts';
import { firstSince } from '../export/walk-log.ts';
import { type ChainSpan, type Claim, type SpanCheck, spansOf } from './check-span.ts';
import { readFiledWords } from './found-by.ts';
import { checkSpans, createSpanQueue, type FoundInSpan } from './span-queue.ts';
import { isSignedBy, type Checkpoint } from './statement.ts';
import { begunRemovals, createToldArchives } from './told-archives.ts';
import { LogFault, type NamedInArchive, type Proofs, type Verdict } from './verdict.ts';
import { type ArchivedEnds, checkArchives } from './verify-archives.ts';
import { goingSpans } from './going-rows.ts';

export interface VerifyOptions {
  /** Only rows from then on (ms since the epoch), and before `until`. */
  since?: number | undefined;
  until?: number | undefined;
  /** Checkpoints that were kept elsewhere. */
  checkpoints: readonly Checkpoint[];
  /** What else is known of rows that must be there. */
  claims?: readonly Claim[];
  onProgress(rows: number, of: number): void;
  /** Has parts of chains checked here and elsewhere; without it they are checked here. */
  divide?: ((work: DividedWork, here: SpanCheck) => Promise<readonly FoundInSpan[]>) | undefined;
  /** For tests. */
  rowsInSpan?: number | undefined;
}

/** It can be sent to another thread. */
export interface DividedWork {
  spans: readonly ChainSpan[];
  chains: readonly ReadChain[];
  statements: readonly ArchiveStatement[];
  until: number | undefined;
}

type Counts = { -readonly [K in keyof Omit<Verdict, 'fault'>]: Verdict[K] };

/** Rows that stand in a part that one thread checks. */
const ROWS_IN_SPAN = 100_000;

/** So often a log is looked at that is archived meanwhile. */
const TRIES = 3;

export async function verifyLog(log: LogReader, proofs: Proofs, options: VerifyOptions): Promise<Verdict> {
  for (let tries = 1; ; tries += 1) {
    const known = (await log.archives()).length;
    const verdict = await verifyOnce(log, proofs, options);
    // Rows that have gone into an archive since the beginning seem to be missing.
    if (verdict.fault === undefined || tries === TRIES || (await log.archives()).length === known) return verdict;
  }
}

async function verifyOnce(log: LogReader, proofs: Proofs, options: VerifyOptions): Promise<Verdict> {
  const counts: Counts = {
    rows: 0,
    chains: 0,
    checkpoints: 0,
    archives: 0,
    archivedRows: 0,
    inArchives: [],
    toldInArchives: [],
  };
  try {
    await check(log, proofs, options, counts);
    return { ...counts, fault: undefined };
  } catch (error) {
    if (error instanceof LogFault) return { ...counts, fault: error.fault };
    throw error;
  }
}

async function check(
  log: LogReader,
  proofs: Proofs,
  { since, until, checkpoints, claims: known = [], onProgress, divide, rowsInSpan = ROWS_IN_SPAN }: VerifyOptions,
  counts: Counts,
): Promise<void> {
  const claims: Claim[] = [...known];
  const claim = (by: string) => (head: ChainHead) => void claims.push({ head, by });
  for (const checkpoint of checkpoints) {
    assertSigned(checkpoint, proofs.keys);
    counts.checkpoints += 1;
    const { at, chain, heads } = checkpoint.statement;
    heads.forEach(claim(`the checkpoint of ${at} by ${chain}`));
  }

  const begun = await begunRemovals(log);
  const chains = await log.chains();
  const stray = await log.stray(chains.map(({ number }) => number));
  if (stray !== undefined) {
    const why = 'it stands in a chain that has not begun: somebody has added it, or removed its chain';
    throw new LogFault({ chain: '?', seq: seqAt(stray), id: null, why });
  }
  const chainOf = chainFinder(chains);
  const total = chains.reduce((sum, chain) => sum + liveRows(chain), 0);
  const ends = await checkArchives(log, proofs, chains);
  const told = await createToldArchives(log, ends.statements, chainOf);
  const filed = await readFiledWords(log);
  const spans: ChainSpan[] = await goingSpans(log, ends.statements, chains);
  for (const chain of chains) {
    if (liveRows(chain) === 0) continue;
    const first = since === undefined ? chain.firstSeq : await firstSince(log, chain, since);
    spans.push(...(await spansOf(log, chain, first, rowsInSpan)));
  }
  let passed = 0;
  const onRows = (rows: number): void => onProgress((passed += rows), total);
  const here = { log, proofs, chainOf, filed, told, until, onRows };
  const work = { spans, chains, statements: ends.statements, until };
  const checked = divide === undefined ? await checkSpans(spans, here, createSpanQueue()) : await divide(work, here);
  let chain: ReadChain | undefined;
  for (const { index, found } of checked.toSorted((one, other) => one.index - other.index)) {
    if (found.fault !== undefined) throw new LogFault(found.fault);
    // They count as rows of their archive.
    if (spans[index]?.isGoing === true) continue;
    if (spans[index]?.chain !== chain) counts.chains += 1;
    chain = spans[index]?.chain;
    counts.rows += found.rows;
    counts.checkpoints += found.checkpoints;
    claims.push(...found.claims);
    told.add(found.told);
  }
  if (checked.length !== spans.length) throw new TypeError('parts of the log were not looked at');
  filed.end();
  counts.inArchives = await meet(log, chains, claims, ends);
  counts.toldInArchives = since === undefined && until === undefined ? told.untold(begun) : [];
  counts.archives = ends.statements.length;
  counts.archivedRows = ends.rows;
}

function assertSigned(checkpoint: Checkpoint, keys: Proofs['keys']): void {
  const { key, chain, at } = checkpoint.statement;
  const publicKey = keys.get(key);
  if (publicKey !== undefined && isSignedBy(checkpoint, publicKey)) return;
  const why =
    publicKey === undefined
      ? `the checkpoint of ${at} is signed with ${key}, which is no key of this log`
      : `the checkpoint of ${at} is not what was signed with ${key}`;
  throw new LogFault({ chain, seq: null, id: null, why });
}

/** Rows that were named must be there, as they were named. Returns what is named of rows that stand in archives, where nobody looks here. */
async function meet(
  log: LogReader,
  chains: readonly ReadChain[],
  claims: readonly Claim[],
  ends: ArchivedEnds,
): Promise<NamedInArchive[]> {
  const inArchives: NamedInArchive[] = [];
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  for (const { head, by } of claims) {
    const { chain: name, seq, hash } = head;
    const chain = byName.get(name);
    if (chain?.archived !== undefined && seq <= chain.archived.seq) {
      const known = ends.hashAt(name, seq);
      if (known === undefined) inArchives.push({ chain: name, seq, hash, by });
      if (known === undefined || known === hash) continue;
      throw new LogFault({ chain: name, seq, id: null, why: anotherRow(by) });
    }
    if (chain === undefined || chain.lastSeq < 0) {
      const why = `${chain?.archived === undefined ? 'the whole chain is missing' : 'all that is not archived of the chain is missing'}: ${by} names its row ${seq}`;
      throw new LogFault({ chain: name, seq: null, id: null, why });
    }
    if (seq > chain.lastSeq) {
      const why = `rows from here on are missing: ${by} names row ${seq}`;
      throw new LogFault({ chain: name, seq: chain.lastSeq + 1, id: null, why });
    }
    const row = await log.row(chain.number, seq);
    if (row !== undefined && row[11] === hash) continue;
    throw new LogFault({ chain: name, seq, id: null, why: anotherRow(by) });
  }
  return inArchives;
}

const anotherRow = (by: string): string =>
  `it is another row than the one that ${by} names: the chain was written anew from some row on`;
