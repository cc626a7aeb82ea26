// JSON-RPC errors that only servers of 2026-07-28 and later answer with, so that they show the server's generation.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { parseRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import type { UpstreamReply } from '../../upstream.ts';

const CODES: ReadonlySet<unknown> = new Set([
  RPC_CODE.headerMismatch,
  RPC_CODE.missingClientCapability,
  RPC_CODE.unsupportedProtocolVersion,
]);

/** `error`: the object of a JSON-RPC error. */
export function isModernError(error: JsonRecord): boolean {
  return CODES.has(error['code']);
}

/** The code of an error reply; undefined for a result. */
export function errorCodeOf(reply: UpstreamReply): unknown {
  return reply.kind === 'error' ? parseRecord(reply.text)?.['code'] : undefined;
}
