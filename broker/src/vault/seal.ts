// The sealed form: 1 byte format version, 12 bytes nonce, ciphertext, 16 bytes tag. AES-256-GCM; the caller's associated data and the
// format version are authenticated with it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `context`: the associated data. The result opens under the same key and context only. */
export function seal(key: Uint8Array, context: readonly string[], plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(context));
  const sealed = Buffer.concat([
    Uint8Array.of(FORMAT),
    nonce,
    cipher.update(plain),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return new Uint8Array(sealed);
}

/** The plain bytes; undefined where the key or the context differs from that of `seal`, or `sealed` was changed. */
export function unseal(key: Uint8Array, context: readonly string[], sealed: Uint8Array): Uint8Array | undefined {
  if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(context));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const opened = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES));
  try {
    return new Uint8Array(Buffer.concat([opened, decipher.final()]));
  } catch {
    // `final` throws for one reason only: the tag does not fit. The caller says what that means.
    return undefined;
  }
}

/** The same with whichever of the keys fits. */
export function unsealByAny(
  keys: readonly Uint8Array[],
  context: readonly string[],
  sealed: Uint8Array,
): Uint8Array | undefined {
  for (const key of keys) {
    const plain = unseal(key, context, sealed);
    if (plain !== undefined) return plain;
  }
  return undefined;
}

/** Written as JSON, so that two different contexts never have the same bytes. */
function associatedData(context: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify([FORMAT, ...context]));
}
