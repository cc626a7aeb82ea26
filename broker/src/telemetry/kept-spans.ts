// Spans that a collector has not taken, in the database until it does: compressed, some hundred in a piece, in the order in which they came. Which broker
// sends them, when they are tried again and what there is room for is said by the room of deliveries.
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { Attempt, Deliveries } from '../deliveries/deliveries.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';

const SPANS = 'spans';
const DESTINATION = `${SPANS}:otlp`;
/** Spans are many, and come compressed, some hundred in a piece. */
const MOST_BYTES = 128 * 1024 * 1024;
/** Bounds what an edited row could unpack to. */
const MOST_UNPACKED = 16 * 1024 * 1024;
const PieceSchema = z.object({ spans: z.int().min(0), gzip: z.string() });

/** What became of a piece: how many spans it has. */
export interface Tried {
  kind: 'arrived' | 'lost';
  spans: number;
}

export interface KeptSpans {
  /**
   * On disk once it resolves. `document`: the body of an export as OTLP has it; `spans`: how many are in it. The same id, where one is said, is put in
   * once.
   */
  put(document: string, spans: number, id?: string): Promise<void>;
  /** Hears of the pieces that this broker sends; returns what ends it. */
  onTried(listener: (tried: Tried) => void): () => void;
}

export function createKeptSpans(
  deliveries: Pick<Deliveries, 'put' | 'take'>,
  receiver: Pick<OtlpReceiver, 'postText'>,
): KeptSpans {
  const listeners = new Set<(tried: Tried) => void>();
  const tell = (tried: Tried): void => {
    for (const listener of listeners) listener(tried);
  };
  const attempt: Attempt = async ({ payload }) => {
    const { spans, gzip: packed } = PieceSchema.parse(JSON.parse(payload));
    const bytes = await promisify(gunzip)(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_UNPACKED });
    const posted = await receiver.postText('traces', bytes.toString('utf8'));
    if (posted.kind === 'again') return { kind: 'again', why: posted.why, retryAfterMs: posted.afterMs };
    if (posted.kind === 'taken') {
      tell({ kind: 'arrived', spans });
      return { kind: 'arrived' };
    }
    tell({ kind: 'lost', spans });
    return { kind: 'never', why: posted.why };
  };
  deliveries.take(SPANS, attempt, { mostBytes: MOST_BYTES });
  return {
    async put(document, spans, id = randomUUID()) {
      const packed = await promisify(gzip)(document);
      const payload = JSON.stringify({ spans, gzip: packed.toString('base64') });
      await deliveries.put({ workspaceId: DEFAULT_WORKSPACE, destination: DESTINATION, id, payload });
    },
    onTried(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
