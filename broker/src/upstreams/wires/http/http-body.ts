// The body of one answer over HTTP: a JSON-RPC message, a stream of them, or what an error says, which is kept up to a bound. What becomes
// of the exchange is http-wire.ts's.
import { GateError } from 'mcpgate-shared/error';
import { createLargeReader, type LargeReader } from '../../../message/large-reader.ts';
import { LARGE_BYTES, type Pieces } from '../../../message/pieces.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';
import { createSseReader } from './sse-reader.ts';

export type BodyKind = 'json' | 'events' | 'nothing' | 'error';

export interface HttpBody {
  readonly kind: BodyKind;
  /** Undefined, or why no more of it is wanted. */
  feed(chunk: Buffer): GateError | undefined;
  /** Hands over what is left. */
  end(): void;
  /** Of an error: what it says. */
  text(): string;
}

export interface HttpBodyOptions {
  /** Longest message. */
  maxBytes: number;
  messageMask: MessageMask | undefined;
  /** False: it is none, which is passed over. */
  onMessage: (text: string, pieces?: Pieces) => boolean;
  /** The event stream can be gone on with from here. */
  onId: (id: string) => void;
  onRetry: (ms: number) => void;
  /** Tells the caller, and makes the error to end the answer with. */
  onOversize: () => GateError;
}

const MAX_ERROR_BYTES = 64 * 1024;

const SPACE = 32;
const BOM = 0xef;
const OPENS_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const FIELD = /^(data|event|id|retry)?:/;

/** What it is, its first bytes say better than its `Content-Type`, which servers leave out, misspell and mistake. */
export function createHttpBody(statusCode: number, contentType: string, options: HttpBodyOptions): HttpBody {
  if (statusCode < 200 || statusCode > 299) return wholeBody('error', options);
  const isStream = /^\s*text\/event-stream\b/i.test(contentType);
  let body: HttpBody | undefined;
  /** What came before the first byte that tells. */
  let blanks = 0;

  function open(bytes: Buffer): HttpBody {
    if (OPENS_JSON.has(bytes[0] ?? 0)) return wholeBody('json', options);
    return isStream || FIELD.test(bytes.toString('latin1', 0, 8)) ? eventsBody(options) : wholeBody('nothing', options);
  }

  return {
    get kind() {
      return body?.kind ?? (isStream ? 'events' : 'nothing');
    },
    feed(chunk) {
      if (body !== undefined) return body.feed(chunk);
      let at = 0;
      for (let byte = chunk[0]; byte !== undefined && (byte <= SPACE || byte === BOM); byte = chunk[at])
        at += byte === BOM ? 3 : 1;
      blanks += Math.min(at, chunk.length);
      if (at >= chunk.length) return blanks > options.maxBytes ? options.onOversize() : undefined;
      const rest = chunk.subarray(at);
      body = open(rest);
      return body.feed(rest);
    },
    end: () => body?.end(),
    text: () => body?.text() ?? '',
  };
}

function eventsBody(options: HttpBodyOptions): HttpBody {
  /** Since the last message. */
  let bytes = 0;
  const reader = createSseReader({
    ...options,
    onMessage(text, pieces) {
      const isMessage = options.onMessage(text, pieces);
      if (isMessage) bytes = 0;
      return isMessage;
    },
    // Heartbeats and the like: messages have no name, or `message`.
    onNamed: () => undefined,
    onOversize: () => void options.onOversize(),
  });
  return {
    kind: 'events',
    feed(chunk) {
      bytes += chunk.length;
      if (bytes > options.maxBytes + LARGE_BYTES) return options.onOversize();
      try {
        reader.feed(chunk);
        return undefined;
      } catch (error) {
        // The parser ends itself on an event that is too large, and says so by throwing from then on.
        return new GateError('upstream', 'the event stream cannot be read', { cause: error });
      }
    },
    end: () => reader.end(),
    text: () => '',
  };
}

function wholeBody(kind: 'json' | 'nothing' | 'error', options: HttpBodyOptions): HttpBody {
  let large: LargeReader | undefined;
  let chunks: Buffer[] = [];
  let bytes = 0;

  function text(): string {
    const read = chunks.length === 1 ? chunks[0]?.toString('utf8') : Buffer.concat(chunks).toString('utf8');
    chunks = [];
    return read ?? '';
  }

  return {
    kind,
    feed(chunk) {
      bytes += chunk.length;
      if (kind === 'json' && bytes > options.maxBytes) return options.onOversize();
      if (large !== undefined) {
        large.feed(chunk);
      } else if (kind === 'json' || bytes <= MAX_ERROR_BYTES) {
        chunks.push(chunk);
        if (bytes <= LARGE_BYTES) return undefined;
        large = createLargeReader(chunks, options.messageMask?.open());
        chunks = [];
      }
      return undefined;
    },
    end() {
      if (kind !== 'json') return;
      const read = large?.end() ?? text();
      if (typeof read === 'string') options.onMessage(read);
      else options.onMessage(read.text, read.pieces);
    },
    text,
  };
}
