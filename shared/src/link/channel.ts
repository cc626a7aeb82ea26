// One end of a channel: messages in order and exactly once, over links that come and go. Pure: it owns no socket and no timer of its
// own, it is pulled by whatever carries it (`next`) and told what arrives (`receive`).
//
// - A message is cut into fragments of at most 64 KiB; each counts in the sequence. What the peer has not acknowledged is kept and
//   sent again after the next `attach`.
// - An acknowledgement means *consumed*: while the reader is paused none is sent, the peer stops at its window, and nobody else notices.
// - A fragment that comes again is dropped; one that is missing means a broken carrier: `onBroken`, and the owner attaches anew.
// - A frame that an earlier carrier still had under way is dropped by its channel number.
import { createIncoming, type LargeMessage } from './channel-incoming.ts';
import { createOutgoing, type KeptFragments } from './channel-outgoing.ts';
import type { Clock } from '../clock.ts';
import { FrameKind, writeFrame, type FrameHeader } from './frame.ts';

export const CHANNEL_DEFAULTS = {
  /** What may be under way unacknowledged, each way; fixed for protocol version 1. */
  windowBytes: 1024 * 1024,
  /** What an end keeps for a peer that is away; past it the channel ends. One message more than this always fits. */
  backlogBytes: 16 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
  /** How long a broker keeps a channel without a link. */
  resumeMs: 5 * 60_000,
} as const;

/** An acknowledgement that nothing else carries waits this long for company. */
const ACK_DELAY_MS = 25;

export interface ChannelLimits {
  backlogBytes: number;
  /** The longest message, either way. */
  maxMessageBytes: number;
}

export interface ChannelOptions extends ChannelLimits {
  clock: Clock;
  windowBytes: number;
  /** Bytes left free before each frame, for the carrier's prefix. */
  headroomBytes?: number;
  /** It goes on where another end has left off, which will never send or receive again. */
  left?: { nextReceive: number; kept: KeptFragments };
  onMessage: (message: Buffer) => void;
  /** Messages that are longer than `fromBytes` are not gathered for `onMessage`, but read as their fragments come; `first` is the beginning. */
  large?: { fromBytes: number; open: (first: readonly Buffer[]) => LargeMessage };
  /** The peer sent a message over the limit: its first and last kilobyte. It counts as consumed, and everything goes on. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /** `next` has something to give. */
  onReady: () => void;
  /** The carrier lost or invented something: attach anew. The channel has detached itself. */
  onBroken: (reason: string) => void;
  /** The peer did not take what was sent for too long: the channel is over. */
  onFatal: (code: 'overflow', reason: string) => void;
}

export interface Channel {
  /**
   * Queues a message, whole or in parts, which must not change afterwards, and returns the sequence number behind it: whoever has taken
   * everything before that has taken all of it. Throws RangeError for one over the limit.
   */
  send(message: Uint8Array | readonly Uint8Array[]): number;
  /** The next frame for the carrier, or undefined. */
  next(): Buffer | undefined;
  /** A `data` or `ack` frame of the peer. */
  receive(header: FrameHeader, payload: Buffer): void;
  /** Whether the peer can have consumed everything before `peerNext` and nothing more: what `attach` would answer. */
  couldAttach(peerNext: number): boolean;
  /** From now on the carrier `number` carries it; the peer has consumed everything before `peerNext`. False: the peer claims the impossible. */
  attach(number: number, peerNext: number, peerWindowBytes: number): boolean;
  detach(): void;
  /** Stops and starts the delivery of messages; while stopped nothing more is acknowledged. */
  pause(): void;
  resume(): void;
  /** What the peer has not consumed, for an end that goes on in its place (`left`). */
  kept(): KeptFragments;
  /** From now on these hold. */
  limit(limits: ChannelLimits): void;
  readonly attached: boolean;
  /** The next sequence number expected: what `open` and `opened` say. */
  readonly nextReceive: number;
  /** Bytes kept for the peer. */
  readonly backlogBytes: number;
  /** Bytes that arrived and wait for the reader. */
  readonly heldBytes: number;
  /** Bytes of a message whose end has not come yet. */
  readonly partialBytes: number;
}

const NOTHING = Buffer.alloc(0);

const bytesOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

export function createChannel(options: ChannelOptions): Channel {
  const { clock, headroomBytes = 0 } = options;
  let { backlogBytes, maxMessageBytes } = options;
  let number = 0;
  let peerWindow = 0;
  let attached = false;
  let ackOwedBytes = 0;
  let ackDue = false;
  let cancelAckTimer: (() => void) | undefined;

  const outgoing = createOutgoing(options.left?.kept);
  const incoming = createIncoming({
    first: options.left?.nextReceive ?? 0,
    windowBytes: options.windowBytes,
    maxMessageBytes,
    onMessage: options.onMessage,
    large: options.large,
    onOversize: options.onOversize,
    onConsumed: oweAck,
  });

  function settleAck(): void {
    ackDue = false;
    ackOwedBytes = 0;
    cancelAckTimer?.();
    cancelAckTimer = undefined;
  }

  function dueAck(): void {
    ackDue = true;
    options.onReady();
  }

  function oweAck(bytes: number): void {
    ackOwedBytes += bytes;
    if (!attached || ackDue) return;
    if (ackOwedBytes >= options.windowBytes / 4) return dueAck();
    cancelAckTimer ??= clock.after(ACK_DELAY_MS, () => {
      cancelAckTimer = undefined;
      if (attached) dueAck();
    });
  }

  function detach(): void {
    attached = false;
    outgoing.rewind();
    incoming.dropHeld();
    settleAck();
  }

  function broken(reason: string): void {
    detach();
    options.onBroken(reason);
  }

  function frame(kind: FrameKind, flags: number, seq: number, payload: Uint8Array): Buffer {
    settleAck();
    return writeFrame({ kind, flags, channel: number, seq, ack: incoming.next }, payload, headroomBytes);
  }

  return {
    send(message) {
      const bytes = message instanceof Uint8Array ? message.length : bytesOf(message);
      if (bytes > maxMessageBytes) {
        throw new RangeError(`a message of ${bytes} bytes is longer than ${maxMessageBytes}`);
      }
      // A peer that is there and reads slowly is no peer that is away: who sends to it bounds what it sends.
      if (!attached && outgoing.bytes > backlogBytes) {
        options.onFatal('overflow', `more than ${backlogBytes} bytes wait for the other end`);
        return Number.POSITIVE_INFINITY;
      }
      const isQueued = outgoing.queue(message, bytes);
      const { end } = outgoing;
      if (!isQueued) options.onFatal('overflow', 'the channel has used up its sequence numbers');
      else if (attached) options.onReady();
      return end;
    },

    next() {
      if (!attached) return undefined;
      const seq = outgoing.nextSend;
      const fragment = outgoing.take(peerWindow);
      if (fragment !== undefined) {
        const { payload } = fragment;
        const whole = payload instanceof Uint8Array ? payload : Buffer.concat(payload);
        return frame(FrameKind.data, fragment.flags, seq, whole);
      }
      return ackDue ? frame(FrameKind.ack, 0, 0, NOTHING) : undefined;
    },

    receive(header, payload) {
      if (!attached || header.channel !== number) return;
      if (!outgoing.acknowledge(header.ack)) {
        return broken(`the peer acknowledged ${header.ack}, but only ${outgoing.end} were ever sent`);
      }
      if (outgoing.nextSend < outgoing.end) options.onReady();
      if (header.kind !== FrameKind.data) return;
      const outcome = incoming.receive(header, payload);
      if (outcome === 'again') return dueAck(); // it does not know that we have it
      if (outcome !== 'taken') broken(outcome.broken);
    },

    couldAttach: (peerNext) => peerNext >= outgoing.oldest && peerNext <= outgoing.end,

    attach(channelNumber, peerNext, peerWindowBytes) {
      detach();
      if (peerNext < outgoing.oldest || !outgoing.acknowledge(peerNext)) return false;
      number = channelNumber;
      peerWindow = peerWindowBytes;
      attached = true;
      if (outgoing.nextSend < outgoing.end) options.onReady();
      return true;
    },

    detach,
    pause: () => incoming.pause(),
    resume: () => incoming.resume(),

    kept: () => outgoing.kept(),

    limit(limits) {
      ({ backlogBytes, maxMessageBytes } = limits);
      incoming.maxMessageBytes = maxMessageBytes;
    },

    get attached() {
      return attached;
    },
    get nextReceive() {
      return incoming.next;
    },
    get backlogBytes() {
      return outgoing.bytes;
    },
    get heldBytes() {
      return incoming.heldBytes;
    },
    get partialBytes() {
      return incoming.partialBytes;
    },
  };
}
