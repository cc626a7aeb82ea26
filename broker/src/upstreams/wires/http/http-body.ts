// Reads the body of one HTTP answer: a JSON-RPC message, an event stream of them, or the text of an error, which is kept up to a bound. What the
// exchange does with it is http-exchange.ts's part.
import { GateError } from 'mcpgate-shared/error';
import { createLargeReader, type LargeReader } from '../../../message/large-reader.ts';
import { LARGE_BYTES, type Pieces } from '../../../message/pieces.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';
import { createSseReader } from './sse-reader.ts';

export type BodyKind = 'json' | 'events' | 'nothing' | 'error';

export interface HttpBody {
  readonly kind: BodyKind;
  /** Takes the next bytes. Returns an error where the rest of the body is not wanted. */
  feed(chunk: Buffer): GateError | undefined;
  /** The body has ended; hands over the message that is left. */
  end(): void;
  /** The text of an error. */
  text(): string;
}

export interface HttpBodyOptions {
  /** Longest message. */
  maxBytes: number;
  messageMask: MessageMask | undefined;
  /** Returns whether the text is a message; others are ignored. */
  onMessage: (text: string, pieces?: Pieces) => boolean;
  /** The id of an event, from which the event stream can be resumed. */
  onId: (id: string) => void;
  onRetry: (ms: number) => void;
  /** The message is too long. Reports that to the caller, and returns the error to end the answer with. */
  onOversize: () => GateError;
}

const MAX_ERROR_BYTES = 64 * 1024;

const SPACE = 32;
const BOM = 0xef;
const OPENS_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const FIELD = /^(data|event|id|retry)?:/;

/** The kind of the body is told by its first bytes rather than by its `Content-Type`, which servers leave out, misspell and mix up. */
export function createHttpBody(statusCode: number, contentType: string, options: HttpBodyOptions): HttpBody {
  if (statusCode < 200 || statusCode > 299) return wholeBody('error', options);
  const isStream = /^\s*text\/event-stream\b/i.test(contentType);
  let body: HttpBody | undefined;
  /** Blanks before the first byte that shows the kind of body. */
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
  /** Bytes since the last message. */
  let bytes = 0;
  const reader = createSseReader({
    ...options,
    onMessage(text, pieces) {
      const isMessage = options.onMessage(text, pieces);
      if (isMessage) bytes = 0;
      return isMessage;
    },
    // Events with another name than `message` are heartbeats and the like.
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
        // The parser throws from the first event on that is too large for it.
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
