// The longest names, URIs, ids and tokens that a client may send. They are checked here before a request is judged or recorded, because they
// become keys of caches and words of the log, and are sent to servers. Data (`arguments`, a client's answers) is bounded only by the length of
// the message.
import { findMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';

interface Bound {
  max: number;
  unit: 'characters' | 'bytes';
}

/** The longest id, as JSON text. A longer one is not repeated in the error. */
export const ID_MAX_CHARS = 256;
const NAME: Bound = { max: 256, unit: 'characters' };
const URI: Bound = { max: 8 * 1024, unit: 'bytes' };
/** Values that servers or mcpgate made and that clients send back. */
const TASK_ID: Bound = { max: 1_280, unit: 'characters' };
const CURSOR: Bound = { max: 8 * 1024, unit: 'characters' };
const STATE: Bound = { max: 64 * 1024, unit: 'characters' };
/** The text that is to be completed. */
const TYPED: Bound = { max: 8 * 1024, unit: 'characters' };
/** The longest progress token, as JSON text. */
const TOKEN_MAX_CHARS = 2 * 1024;
/** The longest capabilities, as JSON text: each session keeps them, and each connection of its own does. */
const CAPABILITIES_MAX_CHARS = 16 * 1024;
/** All URIs of one `subscriptions/listen` together. */
const URIS_MAX_BYTES = 256 * 1024;

type Shape = { readonly [member: string]: Bound | Shape };

/** The parts of `clientInfo` that are kept. */
const CLIENT: Shape = { name: NAME, version: NAME };
/** The bounds by the members of `params`. */
const PARAMS: Shape = {
  name: NAME,
  uri: URI,
  taskId: TASK_ID,
  cursor: CURSOR,
  requestState: STATE,
  level: NAME,
  protocolVersion: NAME,
  requestId: NAME,
  progressToken: NAME,
  ref: { type: NAME, name: NAME, uri: URI },
  argument: { name: NAME, value: TYPED },
  clientInfo: CLIENT,
  _meta: {
    progressToken: NAME,
    traceparent: NAME,
    tracestate: { max: 1_024, unit: 'characters' },
    [REQUEST_META.protocolVersion]: NAME,
    [REQUEST_META.logLevel]: NAME,
    [REQUEST_META.clientInfo]: CLIENT,
  },
};

/** A sentence about the first value that is too long, or undefined. `idText`: the id as JSON text; `span`: the members of the params. */
export function tooLong(
  idText: string,
  method: string,
  params: JsonRecord,
  span: JsonObject | undefined,
): string | undefined {
  const meta = findMember(span?.members ?? [], '_meta')?.inner;
  const token = findMember(meta?.members ?? [], 'progressToken');
  const capabilities =
    findMember(span?.members ?? [], 'capabilities') ?? findMember(meta?.members ?? [], REQUEST_META.clientCapabilities);
  return (
    exceeds('id', idText, { max: ID_MAX_CHARS, unit: 'characters' }) ??
    exceeds('method', method, NAME) ??
    // Each progress notification repeats the token as the client wrote it, and JSON does not limit the digits of a number.
    (token !== undefined && token.end - token.start > TOKEN_MAX_CHARS ? '"progressToken" is too long' : undefined) ??
    (capabilities !== undefined && capabilities.end - capabilities.start > CAPABILITIES_MAX_CHARS
      ? `what the client can do is longer than ${CAPABILITIES_MAX_CHARS} characters`
      : undefined) ??
    inShape('', params, PARAMS) ??
    followsTooMuch(params['notifications'])
  );
}

function inShape(path: string, value: JsonRecord, shape: Shape): string | undefined {
  for (const [member, bound] of Object.entries(shape)) {
    const found = value[member];
    if (found === undefined) continue;
    const name = `${path}${member}`;
    const problem = isBound(bound)
      ? exceeds(name, found, bound)
      : isRecord(found)
        ? inShape(`${name}.`, found, bound)
        : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const isBound = (bound: Bound | Shape): bound is Bound => typeof bound['max'] === 'number';

function exceeds(name: string, value: unknown, { max, unit }: Bound): string | undefined {
  if (typeof value !== 'string') return undefined;
  const isShort = value.length <= max && (unit === 'characters' || Buffer.byteLength(value) <= max);
  return isShort ? undefined : `"${name}" is longer than ${max} ${unit}`;
}

function followsTooMuch(notifications: unknown): string | undefined {
  const uris = isRecord(notifications) ? notifications['resourceSubscriptions'] : undefined;
  if (!Array.isArray(uris)) return undefined;
  let bytes = 0;
  for (const uri of uris as readonly unknown[]) {
    const problem = exceeds('notifications.resourceSubscriptions', uri, URI);
    if (problem !== undefined) return problem;
    bytes += typeof uri === 'string' ? Buffer.byteLength(uri) : 0;
  }
  return bytes > URIS_MAX_BYTES
    ? `"notifications.resourceSubscriptions" is longer than ${URIS_MAX_BYTES} bytes altogether`
    : undefined;
}
