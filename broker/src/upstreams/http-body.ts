// The body of one answer over HTTP: a JSON-RPC message, a stream of them, or what an error says, which is kept up to a bound. What becomes
// of the exchange is http-wire.ts's.
import { GateError } from 'mcpgate-shared/error';
import { createLargeReader, type LargeReader } from '../message/large-reader.ts';
import { LARGE_BYTES, type Pieces } from '../message/pieces.ts';
import type { MessageMask } from './secret-mask.ts';
import { createSseReader } from './sse-reader.ts';

export type BodyKind = 'json' | 'events' | 'nothing' | 'error';

export interface HttpBody {
  readonly kind: BodyKind;
  /** Undefined, or why no more of it is wanted. */
  feed(chunk: Buffer): GateError | undefined;
  /** Hands over what is left; false: it was no message. */
  end(): boolean;
  /** Of an error: what it says. */
  text(): string;
}

export interface HttpBodyOptions {
  /** Longest message. */
  maxBytes: number;
  messageMask: MessageMask | undefined;
  /** False: it is none. */
  onMessage: (text: string, pieces?: Pieces) => boolean;
  /** The event stream can be gone on with from here. */
  onId: (id: string) => void;
  onRetry: (ms: number) => void;
  /** Tells the caller, and makes the error to end the answer with. */
  onOversize: () => GateError;
}

const MAX_ERROR_BYTES = 64 * 1024;

export function kindOfBody(statusCode: number, contentType: string): BodyKind {
  if (statusCode < 200 || statusCode > 299) return 'error';
  if (contentType.startsWith('application/json')) return 'json';
  return contentType.startsWith('text/event-stream') ? 'events' : 'nothing';
}

export function createHttpBody(kind: BodyKind, options: HttpBodyOptions): HttpBody {
  return kind === 'events' ? eventsBody(options) : wholeBody(kind, options);
}

function eventsBody(options: HttpBodyOptions): HttpBody {
  const reader = createSseReader({ ...options, onOversize: () => void options.onOversize() });
  return {
    kind: 'events',
    feed(chunk) {
      try {
        reader.feed(chunk);
        return undefined;
      } catch (error) {
        // The parser ends itself on an event that is too large, and says so by throwing from then on.
        return new GateError('upstream', 'the event stream cannot be read', { cause: error });
      }
    },
    end() {
      reader.end();
      return true;
    },
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
      if (kind !== 'json') return true;
      const read = large?.end() ?? text();
      return typeof read === 'string' ? options.onMessage(read) : options.onMessage(read.text, read.pieces);
    },
    text,
  };
}
