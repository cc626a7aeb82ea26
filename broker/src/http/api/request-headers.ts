// What a request says in headers, checked before anything is done: a condition that an operation does not know, or that cannot be read, is refused. It would
// be carried out as if nobody had set the condition.
import type { IncomingHttpHeaders } from 'node:http';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { GateError } from 'mcpgate-shared/error';
import { isRepeatable } from './idempotency.ts';

export interface Conditions {
  /** `*`, or entity tags with commas between them. */
  ifMatch: string | undefined;
  ifNoneMatch: string | undefined;
  lastEventId: string | undefined;
}

/** RFC 9110, section 8.8.3; our own tags hold neither commas nor spaces. */
const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const TAGS = new RegExp(`^(?:\\*|${TAG}(?:[ \\t]*,[ \\t]*${TAG})*)$`);
const MOST_CHARACTERS = 2_000;

/** Throws `usage`, and `precondition_required` where the operation is only for those who say what they have read. */
export function readConditions(endpoint: Endpoint, headers: IncomingHttpHeaders): Conditions {
  const ifMatch = tagsOf('If-Match', headers['if-match']);
  const ifNoneMatch = tagsOf('If-None-Match', headers['if-none-match']);
  const { method, path } = endpoint;
  const named = `${method} ${path}`;
  if (ifMatch !== undefined && endpoint.ifMatch === 'no')
    throw new GateError('usage', `${named} takes no If-Match: leave it out; nothing was changed`);
  if (ifNoneMatch !== undefined && method !== 'GET')
    throw new GateError('usage', `${named} takes no If-None-Match: leave it out; nothing was changed`);
  if (headers['idempotency-key'] !== undefined && method !== 'GET' && !isRepeatable(endpoint))
    throw new GateError('usage', `${named} takes no Idempotency-Key: leave it out; nothing was changed`);
  if (ifMatch === undefined && endpoint.ifMatch === 'must')
    throw new GateError(
      'precondition_required',
      'say with If-Match what this replaces: the ETag of the answer that had it, or * for whatever is there',
    );
  return { ifMatch, ifNoneMatch, lastEventId: lastEventIdOf(headers) };
}

function tagsOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (text.length <= MOST_CHARACTERS && TAGS.test(text)) return text;
  throw new GateError(
    'usage',
    `${name}: it is neither * nor an ETag in its quotes, or several with commas between them`,
  );
}

/** Behind one that came twice there are two clients, and it means nothing. */
function lastEventIdOf({ 'last-event-id': id }: IncomingHttpHeaders): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined;
}
