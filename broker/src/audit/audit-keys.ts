// The keys by which the log is bound to the vault: whoever can write the database, but does not have the vault's keys, can compute no seal.
import { GateError } from 'mcpgate-shared/error';
import type { Keyring } from '../vault/keyring.ts';
import { createKeyedHash } from './keyed-hash.ts';

export interface AuditKeys {
  /** The id of the key by which seals are made here; a chain names it at its beginning. */
  readonly sealKey: string;
  /** The seal over rows up to one with this hash (hex). */
  seal(hash: string): Uint8Array;
}

const SEALS = 'audit.seals';
/** Half of an HMAC is as hard to guess as half of a key: 2^128. */
const SEAL_BYTES = 16;

/** The bytes of the seal over a hash (hex), by the key of that id. */
function sealer(key: Uint8Array): (hash: string) => Uint8Array {
  const keyed = createKeyedHash(key);
  return (hash) => new Uint8Array(keyed(`mcpgate-audit-seal-2\n${hash}`).subarray(0, SEAL_BYTES));
}

export function createAuditKeys(keyring: Pick<Keyring, 'derive'>): AuditKeys {
  const key = keyring.derive(SEALS, 'newest');
  if (key === undefined) throw new GateError('internal', 'there is no data key to seal the audit log with');
  return { sealKey: key.id, seal: sealer(key.bytes) };
}
