// Reads a `text/event-stream` as JSON-RPC messages. A long `data` line does not go through the parser, but is read as it comes, so that it never
// becomes one string; the parser gets a short stand-in for it.
import { randomBytes } from 'node:crypto';
import { createParser } from 'eventsource-parser';
import { createLargeReader, type LargeReader } from '../../../message/large-reader.ts';
import { LARGE_BYTES, type Pieces } from '../../../message/pieces.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';

export interface SseReader {
  feed(chunk: Buffer): void;
  end(): void;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const DATA = Buffer.from('data:');

export function createSseReader(options: {
  maxBytes: number;
  /** Masks large events as they come; small ones are masked later, by `maskedEvents`. */
  messageMask?: MessageMask | undefined;
  /** Returns whether the text is a message; others are ignored. */
  onMessage: (text: string, pieces?: Pieces) => boolean;
  /** Called with events that have another name than `message`. Left out: they are read as messages too. */
  onNamed?: (name: string, data: string) => void;
  onId: (id: string) => void;
  onRetry: (ms: number) => void;
  /** An event is too long; feeding more bytes throws from then on. */
  onOversize: () => void;
}): SseReader {
  const decoder = new TextDecoder();
  /** The line that has not ended yet. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let large: LargeReader | undefined;
  let standIn = '';
  let finished: LargeReader | undefined;
  let isEnding = false;

  const parser = createParser({
    maxBufferSize: options.maxBytes,
    onEvent({ data, event }) {
      if (isEnding && (finished !== undefined || (event !== undefined && event !== 'message'))) return;
      if (event !== undefined && event !== 'message' && options.onNamed !== undefined && finished === undefined) {
        return options.onNamed(event, data);
      }
      if (finished === undefined) return void options.onMessage(data);
      const reader = finished;
      finished = undefined;
      // An event with a long `data` line beside others is no message: servers send a message on one line.
      const read = data === standIn ? reader.end() : data;
      if (typeof read === 'string') options.onMessage(read);
      else options.onMessage(read.text, read.pieces);
    },
    onId(id) {
      if (!isEnding) options.onId(id);
    },
    onRetry: options.onRetry,
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') options.onOversize();
    },
  });

  const parse = (bytes: Buffer): void => parser.feed(decoder.decode(bytes, { stream: true }));

  function hold(part: Buffer): void {
    heldBytes += part.length;
    if (large !== undefined) {
      if (heldBytes > options.maxBytes) {
        options.onOversize();
        throw new RangeError('the event is too long');
      }
      return large.feed(part);
    }
    held.push(part);
    if (heldBytes <= LARGE_BYTES) return;
    const parts = withoutField(held);
    if (parts === undefined) for (const each of held) parse(each);
    else large = createLargeReader(parts, options.messageMask?.open());
    held = [];
    if (large === undefined) heldBytes = 0;
  }

  /** Takes the line that is held, which has ended. */
  function release(): void {
    if (large === undefined) {
      for (const each of held) parse(each);
    } else {
      finished = large;
      large = undefined;
      standIn = randomBytes(16).toString('hex');
      parser.feed(`data: ${standIn}`);
    }
    held = [];
    heldBytes = 0;
  }

  return {
    feed(chunk) {
      let rest = chunk;
      if (heldBytes > 0) {
        const end = firstBreak(chunk);
        if (end < 0) return hold(chunk);
        if (end > 0) hold(chunk.subarray(0, end));
        release();
        rest = chunk.subarray(end);
      }
      const lastBreak = Math.max(rest.lastIndexOf(LF), rest.lastIndexOf(CR));
      if (lastBreak >= 0) parse(lastBreak === rest.length - 1 ? rest : rest.subarray(0, lastBreak + 1));
      if (lastBreak < rest.length - 1) hold(rest.subarray(lastBreak + 1));
    },
    end() {
      release();
      // Some servers leave out the blank line behind the last event. It counts where it is a whole message without a name; its id may be cut off.
      isEnding = true;
      parser.feed('\n\n');
      parser.reset();
    },
  };
}

function firstBreak(bytes: Buffer): number {
  const [lf, cr] = [bytes.indexOf(LF), bytes.indexOf(CR)];
  return lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
}

/** The value of a `data` line, in parts; undefined where the line is another field. */
function withoutField(parts: readonly Buffer[]): Buffer[] | undefined {
  const [first = DATA.subarray(0, 0), second, ...rest] = parts;
  const begin = first.length > DATA.length || second === undefined ? first : Buffer.concat([first, second]);
  if (!begin.subarray(0, DATA.length).equals(DATA)) return undefined;
  const from = begin[DATA.length] === SPACE ? DATA.length + 1 : DATA.length;
  return [begin.subarray(from), ...(begin === first && second !== undefined ? [second] : []), ...rest];
}
