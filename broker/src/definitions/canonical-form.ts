// The canonical form of a definition: the same for texts that mean the same, whatever the order of their members and their white space. Servers
// that make their lists from hash tables write members in another order each time.
import { hash } from 'node:crypto';

/** The canonical form of a JSON value (much like RFC 8785): members sorted by their names, no white space. */
function canonicalForm(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalForm).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalForm(inner)}`).join(',')}}`;
}

/** SHA-256 (hex) of the canonical form of a JSON value. */
export function digestOf(value: unknown): string {
  return hash('sha256', canonicalForm(value), 'hex');
}
