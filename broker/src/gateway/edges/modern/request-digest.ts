// What a request asks for, as one hash: the retry of a call must ask for what the policy has judged.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { partsOf } from '../../../message/pieces.ts';
import type { Request } from '../../request.ts';

/** The members of the params that may differ between a request and its retry. */
const OF_THE_ROUND: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'requestState']);

/** How much is hashed before other work on the event loop gets its turn. */
const BYTES_AT_ONCE = 1024 * 1024;

/**
 * Identifies what a request asks for, so that a retry cannot ask for something else than the policy has judged: SHA-256 (hex) of the method
 * and the params, independent of the order of their members.
 */
export async function requestDigest({ method, text, paramsSpan, pieces }: Request): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(method));
  let bytes = 0;
  const members = (paramsSpan?.members ?? []).filter(({ key }) => !OF_THE_ROUND.has(key));
  for (const { key, start, end } of members.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    hash.update(`\n${JSON.stringify(key)}:`);
    for (const part of partsOf(text.slice(start, end), pieces)) {
      hash.update(part);
      bytes += part.length;
      if (bytes < BYTES_AT_ONCE) continue;
      bytes = 0;
      await setImmediate();
    }
  }
  return hash.digest('hex');
}
