// The digest of the arguments of a large request, as the record holds it.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { findMember } from 'mcpgate-shared/mcp/json-span';
import type { Pieces } from '../../message/pieces.ts';
import type { Request } from '../request.ts';

/** How much is hashed before other work on the event loop gets its turn. */
const BYTES_AT_ONCE = 1024 * 1024;

/** SHA-256 (hex) of the arguments of a large request, as the client wrote them; null where it has none. */
export async function argumentsDigest({ text, paramsSpan }: Request, pieces: Pieces): Promise<string | null> {
  const span = findMember(paramsSpan?.members ?? [], 'arguments');
  if (span === undefined) return null;
  const digest = createHash('sha256');
  let bytes = 0;
  for (const part of pieces.join(text.slice(span.start, span.end))) {
    digest.update(part);
    bytes += part.length;
    if (bytes < BYTES_AT_ONCE) continue;
    bytes = 0;
    await setImmediate();
  }
  return digest.digest('hex');
}
