// The digest of a definition: the same for texts that mean the same. Servers that make their lists from hash tables write members in another order
// each time.
import { hash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.ts';

/** SHA-256 (hex) of the canonical form of a JSON value. */
export function digestOf(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'hex');
}
