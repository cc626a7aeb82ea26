// Reads JSON-RPC batches: several messages in one array. Only protocol version 2025-03-26 allows them.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { batchItems } from '../../message/batch-items.ts';
import type { Pieces } from '../../message/pieces.ts';
import { readEnvelope, type Envelope } from './envelope.ts';

export interface BatchItem {
  envelope: Envelope;
  text: string;
}

/** Whether a message gets an answer. */
export const isAnswered = ({ kind }: Envelope): boolean => kind === 'request' || kind === 'invalid';

/** As many as requests that may be under way in a session, because each item may be one. */
const MAX_ITEMS = 1_000;

/** The messages of a batch. Undefined: the text is no valid batch; `readEnvelope` makes the error. */
export function readBatch(text: string, pieces?: Pieces): BatchItem[] | undefined {
  const items = batchItems(text, pieces) ?? [];
  // An empty array is an invalid request (JSON-RPC 2.0, section 6), and so is one without an end.
  if (items.length === 0 || items.length > MAX_ITEMS) return undefined;
  return items.map((item) => {
    const envelope = readEnvelope(item);
    return { text: item, envelope: isHandshake(envelope) ? NO_HANDSHAKE(envelope) : envelope };
  });
}

/** "The JSON-RPC batch MUST NOT be used for initialize" (2025-03-26, lifecycle). */
const isHandshake = (envelope: Envelope): envelope is Envelope & { kind: 'request' } =>
  envelope.kind === 'request' && envelope.method === 'initialize';

const NO_HANDSHAKE = ({ idText }: Envelope & { kind: 'request' }): Envelope => ({
  kind: 'invalid',
  idText,
  code: RPC_CODE.invalidRequest,
  message: 'initialize must not be part of a batch',
});
