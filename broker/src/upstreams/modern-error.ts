// Errors that only servers of 2026-07-28 and later answer with: who gets one knows which generation the server is of.
import { parseRecord, type JsonRecord } from './json-rpc-guard.ts';
import type { UpstreamReply } from './upstream.ts';

export const HEADER_MISMATCH = -32020;
const MISSING_REQUIRED_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;
const CODES: ReadonlySet<unknown> = new Set([
  HEADER_MISMATCH,
  MISSING_REQUIRED_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
]);

/** `error`: the object of a JSON-RPC error. */
export function isModernError(error: JsonRecord): boolean {
  return CODES.has(error['code']);
}

export function errorCodeOf(reply: UpstreamReply): unknown {
  return reply.kind === 'error' ? parseRecord(reply.text)?.['code'] : undefined;
}
