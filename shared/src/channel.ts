// One end of a channel: messages in order and exactly once, over links that come and go. Pure: it owns no socket and no timer of its
// own, it is pulled by whatever carries it (`next`) and told what arrives (`receive`).
//
// - A message is cut into fragments of at most 64 KiB; each counts in the sequence. What the peer has not acknowledged is kept and
//   sent again after the next `attach`.
// - An acknowledgement means *consumed*: while the reader is paused none is sent, the peer stops at its window, and nobody else notices.
// - A fragment that comes again is dropped; one that is missing means a broken carrier: `onBroken`, and the owner attaches anew.
import type { Clock } from './clock.ts';
import { FLAG_FINAL, FRAGMENT_BYTES, FrameKind, writeFrame, type FrameHeader } from './frame.ts';

export const CHANNEL_DEFAULTS = {
  /** What may be under way unacknowledged, each way. */
  windowBytes: 1024 * 1024,
  /** What an end keeps for a peer that is away; past it the channel ends. One message more than this always fits. */
  backlogBytes: 16 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
  /** How long a broker keeps a channel without a link. */
  resumeMs: 5 * 60_000,
} as const;

/** An acknowledgement that nothing else carries waits this long for company. */
const ACK_DELAY_MS = 25;
const SEQ_MAX = 0xffff_fffe;

export interface ChannelOptions {
  clock: Clock;
  windowBytes: number;
  backlogBytes: number;
  maxMessageBytes: number;
  /** Bytes left free before each frame, for the carrier's prefix. */
  headroomBytes?: number;
  onMessage: (message: Buffer) => void;
  /** `next` has something to give. */
  onReady: () => void;
  /** The carrier lost or invented something: attach anew. The channel has detached itself. */
  onBroken: (reason: string) => void;
  /** The peer sent what no channel can take (`too_large`), or was away for too long (`overflow`): the channel is over. */
  onFatal: (code: 'too_large' | 'overflow', reason: string) => void;
}

export interface Channel {
  /** Queues a message. Throws RangeError for one over the limit. */
  send(message: Uint8Array): void;
  /** The next frame for the carrier, or undefined. */
  next(): Buffer | undefined;
  /** A `data` or `ack` frame of the peer. */
  receive(header: FrameHeader, payload: Buffer): void;
  /** From now on the carrier `number` carries it; the peer has consumed everything before `peerNext`. False: the peer claims the impossible. */
  attach(number: number, peerNext: number, peerWindowBytes: number): boolean;
  detach(): void;
  /** Stops and starts the delivery of messages; while stopped nothing more is acknowledged. */
  pause(): void;
  resume(): void;
  readonly attached: boolean;
  /** The next sequence number expected: what `open` and `opened` say. */
  readonly nextReceive: number;
  /** Bytes kept for the peer. */
  readonly backlogBytes: number;
  /** Bytes that arrived and wait for the reader. */
  readonly heldBytes: number;
}

interface Fragment {
  payload: Uint8Array;
  flags: number;
}

/** Stands in for what the peer has consumed, so that its bytes are free before the array is compacted. */
const CONSUMED: Fragment = { payload: new Uint8Array(0), flags: 0 };
const NOTHING = Buffer.alloc(0);

export function createChannel(options: ChannelOptions): Channel {
  const { clock, headroomBytes = 0 } = options;
  // Outgoing: fragments[head] has sequence `base`; everything before `cursor` is under way on this link.
  let fragments: Fragment[] = [];
  let head = 0;
  let base = 0;
  let cursor = 0;
  let backlog = 0;
  let inFlight = 0;
  let number = 0;
  let peerWindow = 0;
  let attached = false;
  // Incoming.
  let nextReceive = 0;
  let parts: Buffer[] = [];
  let partsBytes = 0;
  let held: { payload: Buffer; flags: number }[] = [];
  let heldBytes = 0;
  let paused = false;
  let ackOwedBytes = 0;
  let ackDue = false;
  let cancelAckTimer: (() => void) | undefined;

  const end = () => base + fragments.length - head;
  const at = (seq: number) => fragments[head + seq - base];

  const settleAck = () => {
    ackDue = false;
    ackOwedBytes = 0;
    cancelAckTimer?.();
    cancelAckTimer = undefined;
  };

  const oweAck = (bytes: number) => {
    ackOwedBytes += bytes;
    if (!attached || ackDue) return;
    if (ackOwedBytes >= options.windowBytes / 4) {
      ackDue = true;
      options.onReady();
    } else {
      cancelAckTimer ??= clock.after(ACK_DELAY_MS, () => {
        cancelAckTimer = undefined;
        if (!attached) return;
        ackDue = true;
        options.onReady();
      });
    }
  };

  /** Drops what the peer has consumed. False: it claims more than was ever sent. */
  const acknowledge = (peerNext: number): boolean => {
    if (peerNext < base) return true; // an older acknowledgement, overtaken
    if (peerNext > end()) return false;
    while (base < peerNext) {
      const bytes = fragments[head]?.payload.length ?? 0;
      fragments[head] = CONSUMED;
      head += 1;
      backlog -= bytes;
      if (base < cursor) inFlight -= bytes;
      base += 1;
    }
    if (cursor < base) cursor = base;
    if (head > 1024 && head * 2 > fragments.length) {
      fragments = fragments.slice(head);
      head = 0;
    } else if (head === fragments.length) {
      fragments = [];
      head = 0;
    }
    return true;
  };

  const detach = () => {
    attached = false;
    cursor = base;
    inFlight = 0;
    settleAck();
  };

  const deliver = (payload: Buffer, flags: number) => {
    nextReceive += 1;
    oweAck(payload.length);
    if ((flags & FLAG_FINAL) !== 0 && parts.length === 0) return options.onMessage(payload);
    partsBytes += payload.length;
    if (partsBytes > options.maxMessageBytes) {
      detach();
      return options.onFatal('too_large', `a message is longer than ${options.maxMessageBytes} bytes`);
    }
    parts.push(payload);
    if ((flags & FLAG_FINAL) === 0) return;
    const whole = Buffer.concat(parts, partsBytes);
    parts = [];
    partsBytes = 0;
    options.onMessage(whole);
  };

  return {
    send(message) {
      if (message.length > options.maxMessageBytes) {
        throw new RangeError(`a message of ${message.length} bytes is longer than ${options.maxMessageBytes}`);
      }
      if (backlog > options.backlogBytes) {
        return options.onFatal('overflow', `more than ${options.backlogBytes} bytes wait for the other end`);
      }
      let offset = 0;
      do {
        const payload = message.length <= FRAGMENT_BYTES ? message : message.subarray(offset, offset + FRAGMENT_BYTES);
        offset += payload.length;
        fragments.push({ payload, flags: offset >= message.length ? FLAG_FINAL : 0 });
      } while (offset < message.length);
      if (end() > SEQ_MAX) return options.onFatal('overflow', 'the channel has used up its sequence numbers');
      backlog += message.length;
      if (attached) options.onReady();
    },

    next() {
      if (!attached) return undefined;
      const fragment = cursor < end() && (inFlight === 0 || inFlight < peerWindow) ? at(cursor) : undefined;
      if (fragment === undefined) {
        if (!ackDue) return undefined;
        settleAck();
        const ack = { kind: FrameKind.ack, flags: 0, channel: number, seq: 0, ack: nextReceive };
        return writeFrame(ack, NOTHING, headroomBytes);
      }
      settleAck();
      const header = { kind: FrameKind.data, flags: fragment.flags, channel: number, seq: cursor, ack: nextReceive };
      cursor += 1;
      inFlight += fragment.payload.length;
      return writeFrame(header, fragment.payload, headroomBytes);
    },

    receive(header, payload) {
      if (!attached) return;
      if (!acknowledge(header.ack)) {
        detach();
        return options.onBroken(`the peer acknowledged ${header.ack}, but only ${end()} were ever sent`);
      }
      if (cursor < end()) options.onReady();
      if (header.kind !== FrameKind.data) return;
      const expected = nextReceive + held.length;
      if (header.seq < expected) {
        ackDue = true; // it does not know that we have it
        return options.onReady();
      }
      if (header.seq > expected) {
        detach();
        return options.onBroken(`fragment ${expected} is missing, ${header.seq} came`);
      }
      if (!paused) return deliver(payload, header.flags);
      heldBytes += payload.length;
      held.push({ payload, flags: header.flags });
    },

    attach(channelNumber, peerNext, peerWindowBytes) {
      detach();
      if (peerNext < base || !acknowledge(peerNext)) return false;
      held = []; // not acknowledged, so they come again
      heldBytes = 0;
      number = channelNumber;
      peerWindow = Math.max(peerWindowBytes, 1);
      attached = true;
      if (cursor < end()) options.onReady();
      return true;
    },

    detach,

    pause() {
      paused = true;
    },

    resume() {
      paused = false;
      while (held.length > 0 && !paused) {
        const first = held.shift();
        if (first === undefined) break;
        heldBytes -= first.payload.length;
        deliver(first.payload, first.flags);
      }
    },

    get attached() {
      return attached;
    },
    get nextReceive() {
      return nextReceive;
    },
    get backlogBytes() {
      return backlog;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}
