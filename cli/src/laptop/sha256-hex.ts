// SHA-256 without `node:crypto`, whose loading would slow down the start of `serve`.
import { sha256 } from '@noble/hashes/sha2.js';

export const sha256Hex = (text: string): string => Buffer.from(sha256(Buffer.from(text))).toString('hex');
