// One end of a channel, which delivers messages in order and exactly once over links that come and go. It owns no socket: its carrier (a link)
// takes frames from it with `next` and gives it the frames that arrive with `receive`.
//
// - A message is cut into fragments of at most 64 KiB, each with a sequence number. Fragments that the other end has not acknowledged are kept
//   and sent again after the next `attach`.
// - An acknowledgement means *consumed*: while the reader is paused none is sent, so the other end stops when its window is full. Other channels
//   of the link are not affected.
// - A fragment that comes again is dropped. A missing one means that the carrier is broken: `onBroken` is called, and the owner attaches the
//   channel again.
// - A late frame of an earlier carrier is recognised by its channel number and dropped.
import { createIncoming, type LargeMessage } from './channel-incoming.ts';
import { createOutgoing, type KeptFragments } from './channel-outgoing.ts';
import type { Clock } from '../clock.ts';
import { FrameKind, writeFrame, type FrameHeader } from './frame.ts';

export const CHANNEL_DEFAULTS = {
  /** How many unacknowledged bytes may be under way in each direction; fixed for protocol version 1. */
  windowBytes: 1024 * 1024,
  /** How many bytes an end keeps while the other end is away; with more the channel ends. One message beyond this is always accepted. */
  backlogBytes: 16 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
  /** How long a broker keeps a channel without a link. */
  resumeMs: 5 * 60_000,
} as const;

/** How long an acknowledgement waits for a data frame that can carry it, before it is sent in a frame of its own. */
const ACK_DELAY_MS = 25;

export interface ChannelLimits {
  backlogBytes: number;
  /** The longest message, in either direction. */
  maxMessageBytes: number;
}

export interface ChannelOptions extends ChannelLimits {
  clock: Clock;
  windowBytes: number;
  /** Bytes to leave free before each frame, for a prefix of the carrier. */
  headroomBytes?: number;
  /**
   * Set where this end continues an earlier one that will never send or receive again: its next sequence number, and its unacknowledged
   * fragments.
   */
  left?: { nextReceive: number; kept: KeptFragments };
  onMessage: (message: Buffer) => void;
  /** Messages longer than `fromBytes` are not collected for `onMessage` but read while their fragments arrive; `first`: the fragments so far. */
  large?: { fromBytes: number; open: (first: readonly Buffer[]) => LargeMessage };
  /** The other end sent a message over the limit: its first and last kilobyte. It counts as consumed, and the channel goes on. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /** `next` has a frame to send. */
  onReady: () => void;
  /** The carrier lost or made up a frame. The channel has detached itself; its owner must attach it again. */
  onBroken: (reason: string) => void;
  /** Too many bytes wait for the other end, so the channel is over. */
  onFatal: (code: 'overflow', reason: string) => void;
}

export interface Channel {
  /**
   * Queues a message, whole or in parts; its bytes must not change afterwards. Returns the sequence number after its last fragment: an end that
   * has consumed everything before that number has the whole message. Throws RangeError for a message over the limit.
   */
  send(message: Uint8Array | readonly Uint8Array[]): number;
  /** The next frame for the carrier to send, or undefined. */
  next(): Buffer | undefined;
  /** Takes a `data` or `ack` frame of the other end. */
  receive(header: FrameHeader, payload: Buffer): void;
  /** Whether the other end can have consumed everything before `peerNext` and nothing more; the result that `attach` would have. */
  couldAttach(peerNext: number): boolean;
  /**
   * Gives the channel a new carrier on which it has this number. The other end has consumed everything before `peerNext`. False: that cannot
   * be.
   */
  attach(number: number, peerNext: number, peerWindowBytes: number): boolean;
  detach(): void;
  /** `pause` stops the delivery of messages and with it their acknowledgement, `resume` starts both again. */
  pause(): void;
  resume(): void;
  /** The unacknowledged fragments, for an end that continues this one (`left`). */
  kept(): KeptFragments;
  /** Sets other limits from now on. */
  limit(limits: ChannelLimits): void;
  readonly attached: boolean;
  /** The next sequence number that is expected; `open` and `opened` frames carry it. */
  readonly nextReceive: number;
  /** Bytes that the other end has not acknowledged. */
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
      // Only while the other end is away. For one that reads slowly, the sender must bound what it sends.
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
      if (outcome === 'again') return dueAck(); // the other end does not know that this fragment has arrived
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
