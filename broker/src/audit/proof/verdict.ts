// What a verification of the log goes by, and what it has found.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { sealer } from '../audit-keys.ts';

export interface Proofs {
  /** The seal of a hash by the key of that id; undefined where the vault has no such key. */
  sealer(keyId: string): ((hash: string) => Uint8Array) | undefined;
  /** The public keys of checkpoints, by id. */
  keys: ReadonlyMap<string, KeyObject>;
}

/** What proofs are made of, by the ids of keys; it can be sent to a thread. */
export interface ProofKeys {
  sealKeys: Record<string, Uint8Array>;
  /** Public keys of checkpoints. */
  pems: Record<string, string>;
}

export function proofsOf({ sealKeys, pems }: ProofKeys): Proofs {
  const seals = new Map(Object.entries(sealKeys).map(([id, key]) => [id, sealer(key)]));
  const keys = new Map(Object.entries(pems).map(([id, pem]) => [id, createPublicKey(pem)]));
  return { sealer: (id) => seals.get(id), keys };
}

export interface Fault {
  chain: string;
  /** The place of the first wrong row in its chain; null where the chain itself is wrong. */
  seq: number | null;
  /** Null where the row is not there. */
  id: string | null;
  why: string;
}

export interface NamedInArchive {
  chain: string;
  seq: number;
  hash: string;
  /** Who says that it has this hash. */
  by: string;
}

export interface Verdict {
  /** Rows and checkpoints that were checked and are right. */
  rows: number;
  chains: number;
  checkpoints: number;
  /** What is in archives, as it is signed; the files are looked at where they are. */
  archives: number;
  archivedRows: number;
  /** What rows and checkpoints say of rows in archives. */
  inArchives: readonly NamedInArchive[];
  /** The archives that no row here names: a row of a later archive does. */
  toldInArchives: readonly string[];
  /** Undefined: the log is whole. */
  fault: Fault | undefined;
}

/** Says that something is not as it was written; what is behind it is not looked at. */
export class LogFault extends Error {
  override readonly name = 'LogFault';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.why);
    this.fault = fault;
  }
}
