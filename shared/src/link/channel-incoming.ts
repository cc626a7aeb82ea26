// The receiving half of a channel's end: checks the order of fragments, holds them while the reader is paused, and joins them into messages. Whatever
// the other end sends, this half never keeps more than one message and one window of fragments.
import { FLAG_FINAL, FRAME_MAX_BYTES, HEADER_BYTES, type FrameHeader } from './frame.ts';

/** The fewest bytes of a fragment, except for a message's last one: empty fragments would cost memory that no limit counts. */
const FRAGMENT_MIN_BYTES = 1024;
/** How much is kept of the beginning and of the end of a message over the limit, to find the request that it belongs to. */
const OVERSIZE_END_BYTES = 1024;

const NOTHING: Buffer = Buffer.alloc(0);

const headOf = (first: Buffer): Buffer => Buffer.from(first.subarray(0, OVERSIZE_END_BYTES));

/** Reads one large message in parts. Is dropped without `end` where the channel ends within the message, or the message is over the limit. */
export interface LargeMessage {
  feed(bytes: Buffer): void;
  end(): void;
}

interface IncomingOptions {
  /** The sequence number of the first fragment to receive. */
  first: number;
  /** How many unacknowledged bytes the other end was told that it may send. */
  windowBytes: number;
  maxMessageBytes: number;
  onMessage: (message: Buffer) => void;
  large: { fromBytes: number; open: (first: readonly Buffer[]) => LargeMessage } | undefined;
  /** Called with the first and last kilobyte of a message over the limit, when its end has come. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /** Called with the number of bytes that were just consumed. */
  onConsumed: (bytes: number) => void;
}

export interface Incoming {
  /** Takes a fragment. `again`: it came before. `broken`: a sentence about what the other end did against the protocol. */
  receive(header: FrameHeader, payload: Buffer): 'taken' | 'again' | { broken: string };
  pause(): void;
  resume(): void;
  /** Drops the held fragments. They were not acknowledged, so they come again on the next link. */
  dropHeld(): void;
  maxMessageBytes: number;
  /** The sequence number of the next fragment to be consumed. */
  readonly next: number;
  /** Bytes of fragments that wait for the reader. */
  readonly heldBytes: number;
  /** Bytes of a message whose end has not come yet. */
  readonly partialBytes: number;
}

export function createIncoming(options: IncomingOptions): Incoming {
  let next = options.first;
  let parts: Buffer[] = [];
  let partialBytes = 0;
  let large: LargeMessage | undefined;
  let largeHead = NOTHING;
  /** The beginning and the end of a message over the limit; the bytes between are dropped. */
  let oversize: { head: Buffer; tail: Buffer } | undefined;
  let held: { payload: Buffer; flags: number }[] = [];
  let heldBytes = 0;
  let paused = false;

  const forget = () => {
    parts = [];
    partialBytes = 0;
    large = undefined;
    largeHead = NOTHING;
  };

  const add = (payload: Buffer) => {
    partialBytes += payload.length;
    if (large !== undefined) return large.feed(payload);
    parts.push(payload);
    if (options.large === undefined || partialBytes <= options.large.fromBytes) return;
    largeHead = headOf(parts[0] ?? payload);
    large = options.large.open(parts);
    parts = [];
  };

  /** Consumes a fragment. Acknowledges it last, because over a link that answers at once the next fragment may arrive within that call. */
  const consume = (payload: Buffer, flags: number) => {
    next += 1;
    place(payload, flags);
    options.onConsumed(HEADER_BYTES + payload.length);
  };

  const place = (payload: Buffer, flags: number) => {
    const isFinal = (flags & FLAG_FINAL) !== 0;
    if (oversize === undefined && partialBytes + payload.length > incoming.maxMessageBytes) {
      const head = large === undefined ? headOf(parts[0] ?? payload) : largeHead;
      oversize = { head, tail: parts.at(-1) ?? NOTHING };
      forget();
    }
    if (oversize !== undefined) {
      const last = [oversize.tail, payload].map((part) => part.subarray(-OVERSIZE_END_BYTES));
      oversize.tail = Buffer.concat(last).subarray(-OVERSIZE_END_BYTES);
      if (!isFinal) return;
      const { head, tail } = oversize;
      oversize = undefined;
      return options.onOversize(head, tail);
    }
    if (isFinal && partialBytes === 0) return options.onMessage(payload);
    add(payload);
    if (!isFinal) return;
    const [read, whole] = [large, large === undefined ? Buffer.concat(parts, partialBytes) : NOTHING];
    forget();
    if (read === undefined) options.onMessage(whole);
    else read.end();
  };

  const incoming: Incoming = {
    maxMessageBytes: options.maxMessageBytes,

    receive({ seq, flags }, payload) {
      const expected = next + held.length;
      if (seq < expected) return 'again';
      if (seq > expected) return { broken: `fragment ${expected} is missing, ${seq} came` };
      if ((flags & FLAG_FINAL) === 0 && payload.length < FRAGMENT_MIN_BYTES) {
        return { broken: `fragment ${seq} has ${payload.length} bytes and is not the last of its message` };
      }
      if (!paused) {
        consume(payload, flags);
        return 'taken';
      }
      heldBytes += HEADER_BYTES + payload.length;
      // The last frame that fits into the window may extend beyond it.
      if (heldBytes > options.windowBytes + FRAME_MAX_BYTES) return { broken: 'more came than the window admits' };
      held.push({ payload: Buffer.from(payload), flags }); // a copy: a small one must not keep the whole chunk it came in
      return 'taken';
    },

    pause() {
      paused = true;
    },

    resume() {
      paused = false;
      while (!paused) {
        const first = held.shift();
        if (first === undefined) return;
        heldBytes -= HEADER_BYTES + first.payload.length;
        consume(first.payload, first.flags);
      }
    },

    dropHeld() {
      held = [];
      heldBytes = 0;
    },

    get next() {
      return next;
    },
    get heldBytes() {
      return heldBytes;
    },
    get partialBytes() {
      return partialBytes;
    },
  };
  return incoming;
}
