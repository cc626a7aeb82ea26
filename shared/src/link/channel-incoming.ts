// What one end receives: fragments in their order, held while the reader is paused, put together to messages. A peer can make it keep
// one message and one window, whatever it sends.
import { FLAG_FINAL, FRAME_MAX_BYTES, HEADER_BYTES, type FrameHeader } from './frame.ts';

/** A fragment that is not the last of its message has at least so many bytes: empty ones would cost memory that no limit counts. */
const FRAGMENT_MIN_BYTES = 1024;
/** What is kept of either end of a message over the limit, to say whose it was. */
const OVERSIZE_END_BYTES = 1024;

const NOTHING: Buffer = Buffer.alloc(0);

const headOf = (first: Buffer): Buffer => Buffer.from(first.subarray(0, OVERSIZE_END_BYTES));

/** Reads one message from the peer. A channel that ends in the middle of it, or finds it over the limit, drops it. */
export interface LargeMessage {
  feed(bytes: Buffer): void;
  end(): void;
}

interface IncomingOptions {
  /** The number of the first fragment. */
  first: number;
  /** What the peer was told that may be under way. */
  windowBytes: number;
  maxMessageBytes: number;
  onMessage: (message: Buffer) => void;
  large: { fromBytes: number; open: (first: readonly Buffer[]) => LargeMessage } | undefined;
  /** A message over the limit has passed: its first and last kilobyte. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /** So many bytes more have been consumed. */
  onConsumed: (bytes: number) => void;
}

export interface Incoming {
  /** `again`: it had come already. A sentence: no peer that keeps to the protocol sends this. */
  receive(header: FrameHeader, payload: Buffer): 'taken' | 'again' | { broken: string };
  pause(): void;
  resume(): void;
  /** What is held was not acknowledged, so it comes again on the next link. */
  dropHeld(): void;
  maxMessageBytes: number;
  /** The number of the next fragment to be consumed. */
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
  /** Both ends of a message over the limit; the rest of it is passed over. */
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

  /** The acknowledgement comes last: over a link that answers at once, it may bring the next fragment before it returns. */
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
      // The last frame that the window admits may go over it.
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
