// Without `node:crypto`, which `serve` does not load.
import { sha256 } from '@noble/hashes/sha2.js';

export const sha256Hex = (text: string): string => Buffer.from(sha256(Buffer.from(text))).toString('hex');
