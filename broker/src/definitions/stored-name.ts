// The name under which a definition is kept. It is the server's own name, unless a database cannot index or hold that.
import { hash } from 'node:crypto';

const MOST_CHARS = 400;

export function storedName(own: string): string {
  // A database's text holds no NUL, and an index of PostgreSQL no long text.
  return own.length <= MOST_CHARS && !own.includes('\0') ? own : `sha256:${hash('sha256', own, 'hex')}`;
}
