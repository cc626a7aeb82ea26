// Hashes what may be megabytes, and lets other work on the event loop have its turn in between.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** How much is hashed in one turn. */
const BYTES_AT_ONCE = 1024 * 1024;

/** SHA-256 (hex) of all parts, one after the other. */
export async function hashInTurns(parts: Iterable<string | Buffer>): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const part of parts) {
    hash.update(part);
    bytes += part.length;
    if (bytes < BYTES_AT_ONCE) continue;
    bytes = 0;
    await setImmediate();
  }
  return hash.digest('hex');
}
