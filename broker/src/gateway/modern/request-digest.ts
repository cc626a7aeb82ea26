// What a request asks for, as one hash: the retry of a call must ask for what the policy has judged.
import { createHash } from 'node:crypto';
import { partsOf, type Pieces } from '../../message/pieces.ts';
import type { ClientRequest } from '../envelope.ts';

/** What a retry may have that the first request had not, or had otherwise. */
const OF_THE_ROUND: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'requestState']);

/** SHA-256, hex, of the method and the params as they were written, whatever the order of their members. */
export function requestDigest(request: ClientRequest, text: string, pieces: Pieces | undefined): string {
  const hash = createHash('sha256').update(JSON.stringify(request.method));
  const members = (request.paramsSpan?.members ?? []).filter(({ key }) => !OF_THE_ROUND.has(key));
  for (const { key, start, end } of members.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    hash.update(`\n${JSON.stringify(key)}:`);
    for (const part of partsOf(text.slice(start, end), pieces)) hash.update(part);
  }
  return hash.digest('hex');
}
