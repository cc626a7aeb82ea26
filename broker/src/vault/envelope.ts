// What a data key has sealed: 1 byte format version, 8 bytes of the data key's id, then the sealed form of `seal.ts`. The data key itself is
// kept beside, sealed by the master key: another master key needs no value to be sealed anew.
import { randomBytes } from 'node:crypto';
import { seal, unseal } from './seal.ts';

const FORMAT = 2;
const ID_BYTES = 8;
const KEY_BYTES = 32;

export interface DataKey {
  /** 16 hex digits. */
  id: string;
  bytes: Uint8Array;
}

export function makeDataKey(): DataKey {
  return { id: randomBytes(ID_BYTES).toString('hex'), bytes: new Uint8Array(randomBytes(KEY_BYTES)) };
}

export function sealInEnvelope(key: DataKey, context: readonly string[], plain: Uint8Array): Uint8Array {
  return new Uint8Array(
    Buffer.concat([Uint8Array.of(FORMAT), Buffer.from(key.id, 'hex'), seal(key.bytes, context, plain)]),
  );
}

/** The id of the data key that opens it; undefined where this is no envelope. */
export function dataKeyIdOf(sealed: Uint8Array): string | undefined {
  if (sealed[0] !== FORMAT || sealed.length < 1 + ID_BYTES) return undefined;
  return Buffer.from(sealed.subarray(1, 1 + ID_BYTES)).toString('hex');
}

/** The plain bytes; undefined where the key, the context or a single bit is another. */
export function openEnvelope(key: DataKey, context: readonly string[], sealed: Uint8Array): Uint8Array | undefined {
  if (dataKeyIdOf(sealed) !== key.id) return undefined;
  return unseal(key.bytes, context, sealed.subarray(1 + ID_BYTES));
}

/** A data key as a master key seals it. */
export function wrapDataKey(masterKey: Uint8Array, { id, bytes }: DataKey): Uint8Array {
  return seal(masterKey, ['data-key', id], bytes);
}

export function unwrapDataKey(masterKey: Uint8Array, id: string, wrapped: Uint8Array): DataKey | undefined {
  const bytes = unseal(masterKey, ['data-key', id], wrapped);
  return bytes && { id, bytes };
}
