// Checks the rows of one chain, in order, each with the row before it and its seal.
import { hash as digest } from 'node:crypto';
import { recordId, tailOf } from '../../domain/record-id.ts';
import { seqAt } from '../../store/audit/position.ts';
import { columnsOf, type RawRow } from '../../store/audit/log-connection.ts';
import { fieldsOf, wordIdsIn, type RowColumns } from '../../store/audit/row-columns.ts';
import { FORMAT, type Chain, type ChainHead, type RowFields } from '../../store/audit/row.ts';
import { canonicalRow } from '../canonical-row.ts';
import { readArguments, readCheckpoint, readOpening } from '../chain-rows.ts';
import { genesisOf } from '../hash-chain.ts';
import { foundByMore, type FiledWords } from './found-by.ts';
import { createOldColumns } from './old-columns.ts';
import { createQuickRowText, MissingWord } from './quick-row-text.ts';
import { isSignedBy } from './statement.ts';
import { LogFault, type Proofs } from './verdict.ts';

/** A row that binds the arguments of a call by the SHA-256 (hex) of their sealed form. */
export interface BoundRow {
  position: number;
  seq: number;
  id: string;
  call: string;
  sha256: string;
}

export interface ChainCheck {
  /**
   * Throws LogFault for the first row that is not right. Returns how many rows were: less than all where words are missing, which are to be learned;
   * a word that was asked for before, and is not there, is a fault.
   */
  rows(rows: readonly RawRow[]): { checked: number; missing: readonly number[] };
  /** The rows since the last time this was asked that bind arguments which are kept apart from them. */
  bound(): BoundRow[];
  /** How many checkpoints were among the rows. */
  readonly checkpoints: number;
  /** The last row that was checked, where no seal covers it. */
  readonly unsealed: number | undefined;
  /** After the last row: that one must have a seal. */
  end(): void;
}

export function createChainCheck(options: {
  chain: Chain;
  chainOf: (number: number) => Chain;
  words: ReadonlyMap<number, string>;
  proofs: Proofs;
  filed: FiledWords;
  /** The row before the first one that is checked, and the key that the chain names at its beginning; undefined: the first one is that. */
  before: { seq: number; hash: string; sealKey: string | undefined } | undefined;
  /** Is told what rows say of others. */
  claim: (by: string) => (head: ChainHead) => void;
}): ChainCheck {
  const { chain, chainOf, words, proofs, filed, before, claim } = options;
  const quick = createQuickRowText(chain.name, (number) => chainOf(number).name, words);
  const isOld = chain.format !== FORMAT;
  const tail = tailOf(chain.name);
  const genesis = genesisOf(chain.format);
  const oldColumns = createOldColumns(before === undefined);
  const askedFor = new Set<number>();
  let seq = before === undefined ? genesis.seq : before.seq;
  let prevHash = before === undefined ? genesis.hash : before.hash;
  let sealOf: ((hash: string) => Uint8Array) | undefined;
  let sealedTo = seq;
  let checkpoints = 0;
  const boundRows: BoundRow[] = [];

  const fault = (at: number, id: string | null, why: string): LogFault =>
    new LogFault({ chain: chain.name, seq: at, id, why });
  const idOf = (row: RowColumns): string | null => {
    if (!isOld) return recordId(row.at, tail);
    try {
      return fieldsOf(row, chainOf, () => '').id;
    } catch {
      // The body is what somebody has changed: the row has no id any more.
      return null;
    }
  };

  function fields(row: RowColumns): RowFields & { id: string } {
    try {
      return fieldsOf(row, chainOf, (id) => {
        const text = words.get(id);
        if (text !== undefined) return text;
        if (askedFor.has(id)) throw new RangeError(`there is no word ${id}`);
        throw new MissingWord(id);
      });
    } catch (error) {
      if (error instanceof MissingWord) throw error;
      const what = error instanceof RangeError ? ` (${error.message})` : '';
      throw fault(seq + 1, idOf(row), `what it says is not what was written${what}`);
    }
  }

  /** Whether the quick way finds that the row is what was written. Where it does not, the other way says what is wrong. */
  function isRight(row: RawRow, at: number): boolean {
    if (isOld || at !== seq + 1) return false;
    try {
      const text = quick.of(row, prevHash);
      return text !== undefined && digest('sha256', text, 'hex') === row[11];
    } catch (error) {
      if (error instanceof MissingWord && !askedFor.has(error.id)) throw error;
      return false;
    }
  }

  function checkRow(row: RawRow): void {
    const at = seqAt(row[0]);
    const stored = row[11];
    if (!isRight(row, at)) checkByFields(columnsOf(row), at, stored);
    const found = (isOld ? undefined : foundByMore(row)) ?? filed.wrong(row, (id) => words.get(id));
    if (found !== undefined) throw fault(at, idOf(columnsOf(row)), found);
    if (!isOld && sealOf === undefined) throw fault(at, null, 'a chain begins with another row');
    const seal = row[12];
    if (seal !== null && !isOld) checkSeal(seal, stored, at, row);
    seq = at;
    prevHash = stored;
  }

  function checkByFields(row: RowColumns, at: number, stored: string): void {
    if (at !== seq + 1) throw fault(seq + 1, null, `it is missing: the next row is ${at} (${idOf(row) ?? '?'})`);
    const said = fields(row);
    const text = textOf(row, said, at);
    if (text === undefined || digest('sha256', text, 'hex') !== stored)
      throw fault(at, said.id, 'what it says, or the hash of the row before it, is not what was written');
    if (said.kind === 'old') {
      const wrong = oldColumns.wrong(row, said, words);
      if (wrong !== undefined) throw fault(at, said.id, wrong);
    }
    if (said.kind === 'chain') inForm(at, said.id, () => readChainRow(said, at, row.position));
  }

  /** Undefined where somebody has put a time there that there is not. */
  function textOf(row: RowColumns, said: RowFields & { id: string }, at: number): string | undefined {
    try {
      return canonicalRow({ ...said, chain: chain.name, seq: at, at: row.at }, prevHash);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  function checkSeal(seal: Uint8Array, stored: string, at: number, row: RawRow): void {
    if (sealOf !== undefined && Buffer.compare(sealOf(stored), seal) !== 0) {
      const from = sealedTo + 1;
      const rows = from === at ? 'it was' : `it, or one of the rows from ${from} on, was`;
      throw fault(at, idOf(columnsOf(row)), `its seal is not of the vault’s key: ${rows} written by somebody else`);
    }
    sealedTo = at;
  }

  function readChainRow(said: { id: string; type: string; details: string }, at: number, position: number): void {
    const opening = readOpening(said);
    if (opening !== undefined) {
      if (at !== 0) throw fault(at, said.id, 'a chain begins once, with its first row');
      useKey(opening.sealKey, at, said.id);
      opening.predecessors.forEach(claim(`the beginning of ${chain.name}`));
      return;
    }
    const args = readArguments(said);
    if (args !== undefined) {
      const { call, sha256 } = args;
      boundRows.push({ position, seq: at, id: said.id, call, sha256 });
    }
    const checkpoint = readCheckpoint(said);
    if (checkpoint === undefined) return;
    const key = proofs.keys.get(checkpoint.statement.key);
    if (key === undefined || !isSignedBy(checkpoint, key))
      throw fault(at, said.id, `the checkpoint is not signed with ${checkpoint.statement.key} of this log`);
    checkpoint.statement.heads.forEach(claim(`row ${at} of ${chain.name}, a checkpoint,`));
    checkpoints += 1;
  }

  /** What a row says of the chain has a hash that fits, and may still be what no broker has written. */
  function inForm<T>(at: number, id: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof LogFault) throw error;
      throw fault(at, id, 'what it says of the chain is nothing that a broker writes');
    }
  }

  function useKey(id: string, at: number, rowId: string | null): void {
    sealOf = proofs.sealer(id);
    if (sealOf === undefined) throw fault(at, rowId, `it is sealed with ${id}, which is no key of this vault`);
  }

  if (before?.sealKey !== undefined) useKey(before.sealKey, 0, null);

  return {
    rows(rows) {
      for (const [index, row] of rows.entries()) {
        try {
          checkRow(row);
        } catch (error) {
          if (!(error instanceof MissingWord)) throw error;
          // The one that this row wants is among them whatever the row says, so that it is a fault when it is wanted again.
          const wanted = new Set([error.id, ...wordsIn(rows.slice(index))]);
          const missing = [...wanted].filter((id) => !words.has(id) && !askedFor.has(id));
          for (const id of missing) askedFor.add(id);
          return { checked: index, missing };
        }
      }
      askedFor.clear();
      return { checked: rows.length, missing: [] };
    },
    bound: () => boundRows.splice(0),
    get checkpoints() {
      return checkpoints;
    },
    get unsealed() {
      return isOld || sealedTo === seq ? undefined : seq;
    },
    end() {
      if (isOld || sealedTo === seq) return;
      throw fault(sealedTo + 1, null, `the rows from here to the end (${seq}) are covered by no seal`);
    },
  };

  function wordsIn(rows: readonly RawRow[]): number[] {
    const ids = rows.flatMap((row) => {
      try {
        return wordIdsIn(columnsOf(row), chain);
      } catch {
        // What is wrong about it is said when it is its turn.
        return [];
      }
    });
    return ids;
  }
}
