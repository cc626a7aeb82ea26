// The names under which AI clients see tools and prompts: `SERVER__NAME`, at most 50 characters of `[a-zA-Z0-9_-]`.
import { hash } from 'node:crypto';

const LEGAL = /^[a-zA-Z0-9_-]{1,50}$/;
const MAX_CHARS = 50;
const HASH_CHARS = 8;

/** The name for clients. One that is too long or has other characters is shortened and ends with a hash; the result is always the same. */
export function exposedName(server: string, name: string): string {
  const full = `${server}__${name}`;
  if (LEGAL.test(full)) return full;
  const kept = full.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, MAX_CHARS - HASH_CHARS - 1);
  return `${kept}_${hash('sha256', full, 'hex').slice(0, HASH_CHARS)}`;
}

/** Whether a name may be a shortened one. False: it certainly contains the server's own name. */
export function isCutName(name: string): boolean {
  return /_[0-9a-f]{8}$/.test(name);
}
