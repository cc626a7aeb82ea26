// The handshake on the local socket, in which both ends prove that they know the local secret before they send anything else:
//
//   client: magic, nonce, version          daemon: magic, nonce, HMAC(key, "daemon" nonces), version
//   client: HMAC(key, "client" nonces)     then frames, each behind its length as u32
//
// HMAC comes from a JavaScript library, because loading `node:crypto` costs `serve` 3 ms and 3 MB at every start, and it needs nothing else of it.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

const MAGIC = Buffer.from('mcg1');
const NONCE_BYTES = 16;
const PROOF_BYTES = 32;
const VERSION_MAX = 64;

function prove(key: Buffer, side: 'client' | 'daemon', clientNonce: Buffer, daemonNonce: Buffer): Buffer {
  return Buffer.from(hmac(sha256, key, Buffer.concat([Buffer.from(side), clientNonce, daemonNonce])));
}

/** Compares in constant time. */
function isSame(proof: Buffer, expected: Buffer): boolean {
  let difference = proof.length ^ expected.length;
  for (const [index, byte] of expected.entries()) difference |= byte ^ (proof[index] ?? 0);
  return difference === 0;
}

const withVersion = (version: string) => {
  const text = Buffer.from(version.slice(0, VERSION_MAX), 'latin1');
  return Buffer.concat([Buffer.from([text.length]), text]);
};

/** Reads a length-prefixed version at `offset`; undefined: bytes are missing; null: the text is no version, and must not be logged and shown. */
function readVersion(bytes: Buffer, offset: number): { version: string; end: number } | null | undefined {
  const length = bytes[offset];
  if (length === undefined) return undefined;
  if (length > VERSION_MAX) return null;
  if (bytes.length < offset + 1 + length) return undefined;
  const version = bytes.toString('latin1', offset + 1, offset + 1 + length);
  return /^[\x21-\x7e]*$/.test(version) ? { version, end: offset + 1 + length } : null;
}

const NO_VERSION = { kind: 'refused', reason: 'a version that is none' } as const;

/**
 * `more`: bytes are missing; `refused`: the other end is not mcpgate or does not know the secret; `used`: how many bytes of the input were
 * consumed.
 */
export type Step<T> = { kind: 'more' } | { kind: 'refused'; reason: string } | ({ kind: 'done'; used: number } & T);

export const clientHello = (nonce: Buffer, version: string): Buffer =>
  Buffer.concat([MAGIC, nonce, withVersion(version)]);

/** The client reads the daemon's answer. `proof`: the bytes to send next. */
export function readDaemonHello(
  bytes: Buffer,
  key: Buffer,
  clientNonce: Buffer,
): Step<{ proof: Buffer; version: string }> {
  const fixed = MAGIC.length + NONCE_BYTES + PROOF_BYTES;
  if (!MAGIC.subarray(0, bytes.length).equals(bytes.subarray(0, MAGIC.length))) {
    return { kind: 'refused', reason: 'what listens there is not a mcpgate daemon' };
  }
  const version = bytes.length > fixed ? readVersion(bytes, fixed) : undefined;
  if (version === undefined) return { kind: 'more' };
  if (version === null) return NO_VERSION;
  const daemonNonce = bytes.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES);
  const proof = bytes.subarray(MAGIC.length + NONCE_BYTES, fixed);
  if (!isSame(proof, prove(key, 'daemon', clientNonce, daemonNonce))) {
    return { kind: 'refused', reason: 'what listens there does not know the local secret' };
  }
  return {
    kind: 'done',
    used: version.end,
    version: version.version,
    proof: prove(key, 'client', clientNonce, daemonNonce),
  };
}

/** The daemon reads a client's first message. */
export function readClientHello(bytes: Buffer): Step<{ nonce: Buffer; version: string }> {
  const fixed = MAGIC.length + NONCE_BYTES;
  if (!MAGIC.subarray(0, bytes.length).equals(bytes.subarray(0, MAGIC.length))) {
    return { kind: 'refused', reason: 'not a mcpgate client' };
  }
  const version = bytes.length > fixed ? readVersion(bytes, fixed) : undefined;
  if (version === undefined) return { kind: 'more' };
  if (version === null) return NO_VERSION;
  return { kind: 'done', used: version.end, version: version.version, nonce: bytes.subarray(MAGIC.length, fixed) };
}

export function daemonHello(key: Buffer, clientNonce: Buffer, daemonNonce: Buffer, version: string): Buffer {
  return Buffer.concat([MAGIC, daemonNonce, prove(key, 'daemon', clientNonce, daemonNonce), withVersion(version)]);
}

export function readClientProof(bytes: Buffer, key: Buffer, clientNonce: Buffer, daemonNonce: Buffer): Step<object> {
  if (bytes.length < PROOF_BYTES) return { kind: 'more' };
  const proven = isSame(bytes.subarray(0, PROOF_BYTES), prove(key, 'client', clientNonce, daemonNonce));
  return proven
    ? { kind: 'done', used: PROOF_BYTES }
    : { kind: 'refused', reason: 'a client that does not know the local secret' };
}

export const HANDSHAKE_NONCE_BYTES = NONCE_BYTES;
