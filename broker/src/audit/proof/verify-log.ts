// Verifies the log in a database: every row is what was written, stands where it was written, and was written by somebody who has the vault's key; no
// chain is missing that another one or a checkpoint names.
import { hash } from 'node:crypto';
import { timeOf } from '../../domain/record-id.ts';
import { liveRows, type LogReader, type ReadChain } from '../../store/audit/log-reader.ts';
import { seqAt } from '../../store/audit/position.ts';
import type { ChainHead } from '../../store/audit/row.ts';
import { columnsOf, type RawRow } from '../../store/audit/log-connection.ts';
import { chainRowOf } from '../../store/audit/row-columns.ts';
import { readOpening } from '../chain-rows.ts';
import { readFiledWords } from './found-by.ts';
import { type BoundRow, createChainCheck } from './chain-check.ts';
import { isSignedBy, type Checkpoint } from './statement.ts';
import { firstSince } from '../export/walk-log.ts';
import { LogFault, type NamedInArchive, type Proofs, type Verdict } from './verdict.ts';
import { begunRemovals, createToldArchives } from './told-archives.ts';
import { type ArchivedEnds, checkArchives } from './verify-archives.ts';

export interface VerifyOptions {
  /** Only rows from then on (ms since the epoch), and before `until`. */
  since?: number | undefined;
  until?: number | undefined;
  /** Checkpoints that were kept elsewhere. */
  checkpoints: readonly Checkpoint[];
  onProgress(rows: number, of: number): void;
}

type Counts = { -readonly [K in keyof Omit<Verdict, 'fault'>]: Verdict[K] };

/** What somebody says of a row, which must be so. */
interface Claim {
  head: ChainHead;
  by: string;
}

export async function verifyLog(log: LogReader, proofs: Proofs, options: VerifyOptions): Promise<Verdict> {
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
  { since, until, checkpoints, onProgress }: VerifyOptions,
  counts: Counts,
): Promise<void> {
  const claims: Claim[] = [];
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
    throw new LogFault({ chain: '?', seq: seqAt(stray[0]), id: null, why });
  }
  const numbers = new Map(chains.map((chain) => [chain.number, chain]));
  const chainOf = (number: number) => {
    const chain = numbers.get(number);
    if (chain === undefined) throw new RangeError(`there is no chain ${number}`);
    return chain;
  };
  const total = chains.reduce((sum, chain) => sum + liveRows(chain), 0);
  const ends = await checkArchives(log, proofs, chains);
  const told = await createToldArchives(log, ends.statements, chainOf);
  const filed = await readFiledWords(log);
  let passed = 0;
  for (const chain of chains) {
    if (liveRows(chain) === 0) continue;
    counts.chains += 1;
    const first = since === undefined ? undefined : await firstSince(log, chain, since);
    const before = await rowBefore(log, chain, first ?? chain.firstSeq);
    const checked = createChainCheck({ chain, chainOf, words: log.words, proofs, filed, before, claim });
    let isBehind = false;
    for await (const rows of log.rows(chain.number, first ?? chain.firstSeq, chain.lastSeq)) {
      const end = until === undefined ? -1 : rows.findIndex(([, at]) => timeOf(at) >= until);
      isBehind = end !== -1;
      const wanted = isBehind ? rows.slice(0, end) : rows;
      let rest = wanted;
      while (rest.length > 0) {
        const { checked: count, missing } = checked.rows(rest);
        counts.rows += count;
        rest = rest.slice(count);
        if (missing.length > 0) await log.learn(missing);
      }
      await meetArguments(log, chain.name, checked.bound(), wanted);
      told.take(chain, wanted);
      passed += rows.length;
      onProgress(passed, total);
      if (isBehind) break;
    }
    counts.checkpoints += checked.checkpoints;
    if (!isBehind) checked.end();
  }
  filed.end();
  counts.inArchives = await meet(log, chains, claims, ends);
  counts.toldInArchives = since === undefined && until === undefined ? told.untold(begun) : [];
  counts.archives = ends.statements.length;
  counts.archivedRows = ends.rows;
}

/** Arguments that rows bind are there, as they were kept, and no others. */
async function meetArguments(
  log: LogReader,
  chain: string,
  bound: readonly BoundRow[],
  rows: readonly RawRow[],
): Promise<void> {
  const [first, last] = [rows[0]?.[0], rows.at(-1)?.[0]];
  if (first === undefined || last === undefined) return;
  const binding = new Set(bound.map(({ position }) => position));
  const added = (await log.argumentsIn(first, last + 1)).find((position) => !binding.has(position));
  if (added !== undefined) {
    const why = 'arguments of a call are kept with it, and it binds none: somebody has put them there';
    throw new LogFault({ chain, seq: seqAt(added), id: null, why });
  }
  if (bound.length === 0) return;
  const kept = await log.argumentsAt(bound.map(({ position }) => position));
  const digests = new Map(kept.map(({ position, sealed }) => [position, hash('sha256', sealed, 'hex')]));
  for (const { position, seq, id, call, sha256 } of bound) {
    const found = digests.get(position);
    if (found === sha256) continue;
    const what = found === undefined ? 'were removed: the row that binds them is there' : 'are not what was kept';
    throw new LogFault({ chain, seq, id, why: `the arguments of the call ${call} ${what}` });
  }
}

/** What stands before the place, with the key of its chain; undefined where nothing does. */
async function rowBefore(log: LogReader, { number, firstSeq, archived }: ReadChain, seq: number) {
  if (archived !== undefined && seq === firstSeq) return { ...archived, sealKey: archived.sealKey ?? undefined };
  const row = seq === firstSeq ? undefined : await log.row(number, seq - 1);
  if (row === undefined) return undefined;
  const opening = archived === undefined ? await log.row(number, 0) : undefined;
  const sealKey = archived?.sealKey ?? (opening && readOpening(chainRowOf(columnsOf(opening)))?.sealKey);
  return { seq: seqAt(row[0]), hash: row[11], sealKey };
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
