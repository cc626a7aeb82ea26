// How what servers offer is named towards AI clients: tools and prompts `SERVER__NAME`, at most 50 of `[a-zA-Z0-9_-]`; resources
// `SERVER+URI`, which is unique over servers and can be taken apart again.
import { hash } from 'node:crypto';

const LEGAL = /^[a-zA-Z0-9_-]{1,50}$/;
const MAX_CHARS = 50;
const HASH_CHARS = 8;

/** Stable: the same server and name always get the same. What is too long or has other characters is cut and gets a hash. */
export function exposedName(server: string, name: string): string {
  const full = `${server}__${name}`;
  if (LEGAL.test(full)) return full;
  const kept = full.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, MAX_CHARS - HASH_CHARS - 1);
  return `${kept}_${hash('sha256', full, 'hex').slice(0, HASH_CHARS)}`;
}

/** False: the name is certainly as the server gave it. */
export function isCutName(name: string): boolean {
  return /_[0-9a-f]{8}$/.test(name);
}
