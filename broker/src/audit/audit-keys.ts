// The keys by which the log is bound to the vault: whoever can write the database, but does not have the vault's keys, can compute no seal.
import { GateError } from 'mcpgate-shared/error';
import type { Keyring } from '../vault/keyring.ts';
import { createKeyedHash } from './keyed-hash.ts';

export interface AuditKeys {
  /** The id of the key by which seals are made here; a chain names it at its beginning. */
  readonly sealKey: string;
  /** The seal over rows up to one with this hash (hex). */
  seal(hash: string): Uint8Array;
  /** All keys of seals that are at hand, by their ids: for a verification. */
  sealKeys(): Record<string, Uint8Array>;
  /**
   * What the log says of arguments, of their SHA-256 (hex): the same for the same arguments of a workspace, and of no use for trying which they
   * were, as one could with a plain digest of four digits.
   */
  digest(workspaceId: string, sha256: string): string;
  /** Arguments that are kept, as bytes that open for this call alone. */
  sealArguments(workspaceId: string, callId: string, plain: Uint8Array): Uint8Array;
  /** Throws `internal` where they are not what was sealed for the call, and `unavailable` where their key is not at hand. */
  openArguments(workspaceId: string, callId: string, sealed: Uint8Array): Promise<Uint8Array>;
}

const SEALS = 'audit.seals';
const ARGUMENTS = 'audit.arguments';
const contextOf = (workspaceId: string, callId: string): string[] => ['audit.arguments', workspaceId, callId];
/** Half of an HMAC is as hard to guess as half of a key: 2^128. */
const SEAL_BYTES = 16;

/** The bytes of the seal over a hash (hex), by the key of that id. */
export function sealer(key: Uint8Array): (hash: string) => Uint8Array {
  const keyed = createKeyedHash(key);
  return (hash) => new Uint8Array(keyed(`mcpgate-audit-seal-2\n${hash}`).subarray(0, SEAL_BYTES));
}

export function createAuditKeys(keyring: Pick<Keyring, 'derive' | 'dataKeyIds' | 'seal' | 'open'>): AuditKeys {
  const key = keyring.derive(SEALS, 'newest');
  if (key === undefined) throw new GateError('internal', 'there is no data key to seal the audit log with');
  const digests = keyring.derive(ARGUMENTS, 'first');
  if (digests === undefined) throw new GateError('internal', 'there is no data key for digests in the audit log');
  const keyed = createKeyedHash(digests.bytes);
  return {
    sealKey: key.id,
    seal: sealer(key.bytes),
    sealKeys() {
      const ids = keyring.dataKeyIds();
      const derived = ids.map((id) => [id, keyring.derive(SEALS, { id })?.bytes] as const);
      return Object.fromEntries(derived.flatMap(([id, bytes]) => (bytes === undefined ? [] : [[id, bytes]])));
    },
    digest: (workspaceId, sha256) => keyed(`${JSON.stringify(workspaceId)}\n${sha256}`).toString('hex'),
    sealArguments: (workspaceId, callId, plain) => keyring.seal(contextOf(workspaceId, callId), plain),
    async openArguments(workspaceId, callId, sealed) {
      const plain = await keyring.open(contextOf(workspaceId, callId), sealed);
      if (plain !== undefined) return plain;
      const text = `the arguments of the call ${callId} are not what was kept: somebody has changed them in the database`;
      throw new GateError('internal', text);
    },
  };
}
