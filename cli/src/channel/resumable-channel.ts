// One channel of a serve session over its whole life: opens it at the broker with a name and a secret, resumes it on the next link, and replaces
// it by a new one where the broker no longer knows it. It does not look into the messages.
import { CHANNEL_DEFAULTS, createChannel, type Channel, type ChannelLimits } from 'mcpgate-shared/link/channel';
import type { Clock } from 'mcpgate-shared/clock';
import { FrameKind, writeFrame, type FrameHeader } from 'mcpgate-shared/link/frame';
import {
  readClose,
  readOpened,
  toPayload,
  type OpenedMessage,
  type OpenMessage,
} from 'mcpgate-shared/link/link-message';
import { VERSION } from 'mcpgate-shared/version';
import { fillPrefix, PREFIX_BYTES } from './frame-stream.ts';

/** Stands for the name of a broker that has not told one. */
const UNNAMED = 'unnamed';

export interface ResumableChannel {
  /** The channel's number on the local socket. */
  readonly number: number;
  readonly attached: boolean;
  /** So much waits for the broker that no more should be read from the AI client for now. */
  readonly isFull: boolean;
  /** The most bytes that are kept while the broker is away. */
  readonly backlogBytes: number;
  /** An `open` was sent, so a broker may have this channel. */
  readonly opened: boolean;
  /** The run of the broker at which the channel was opened, if known. */
  readonly broker: string | undefined;
  /** When the last `open` was sent (ms, by the clock). */
  readonly askedAt: number;
  /** The longest message, in either direction. */
  readonly maxMessageBytes: number;
  /** Until when the broker keeps the channel without a link (ms, by the clock). */
  readonly resumeUntil: number;
  /** Returns the sequence number after the message. Throws `RangeError` where the message is too large or too much waits already. */
  send(message: Buffer): number;
  /** Takes a frame from the daemon for this channel. */
  receive(header: FrameHeader, payload: Buffer): void;
  /** The link is open. `broker`: the run of the broker at its other end, by its `welcome`. */
  linkUp(broker?: string): void;
  linkDown(): void;
  /** The channel can no longer be resumed: a new one is opened on the next link, unless this one is retired. */
  giveUp(): void;
  /** From now on calls only finish on this channel; it is never replaced by a new one. */
  retire(): void;
  pump(): void;
  pause(): void;
  resume(): void;
  /** The frame that closes the channel at the broker. */
  closeFrame(message: string, number?: number): Buffer;
}

/** `serve --server NAME --tools all|search`. */
export type ServeView = Pick<OpenMessage, 'server' | 'tools'>;

export interface ResumableChannelOptions {
  clock: Clock;
  number: number;
  randomHex: (bytes: number) => string;
  randomSecret: () => string;
  /** The options of `serve` that the broker must know: which server and which tools the AI client sees. */
  view: ServeView;
  /** Sends a frame to the daemon; false: the socket is full, wait until it is writable. */
  toLink: (frame: Buffer) => boolean;
  /** Limits that this laptop sets; the smaller of its and the broker's count. */
  ownLimits?: Partial<ChannelLimits>;
  onMessage: (message: Buffer) => void;
  /** The broker sent a message over the limit: its first and last kilobyte. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /**
   * The broker no longer has the channel. Messages before sequence number `taken` were read and their outcome is unknown; later ones were not
   * read. Without `taken`, the outcome of all is unknown.
   */
  onLost: (taken?: number) => void;
  /** The channel has a link. `fresh`: the broker has just opened it, and knows nothing of the session. */
  onLive: (fresh: boolean) => void;
  /** A retired channel has ended: the broker no longer has it, and no new one is opened in its place. */
  onRetired: () => void;
}

export function createResumableChannel(options: ResumableChannelOptions): ResumableChannel {
  const { clock, number, ownLimits = {} } = options;
  let id = options.randomHex(16);
  let secret = options.randomSecret();
  let opened = false; // an `open` was sent; from then on the channel can only be resumed
  /** The kind of `open` whose answer is awaited. Nothing is sent before the answer, because the link may be half-open. */
  let awaiting: 'fresh' | 'resume' | undefined;
  let isLinkUp = false;
  /** The run of the broker at the other end of the link, and the run at which the channel was opened. */
  let linkBroker: string | undefined;
  let openedAt: string | undefined;
  let retired = false;
  let detachedAt = clock.now();
  let askedAt = detachedAt;
  let limits = limitsWith(CHANNEL_DEFAULTS);
  let resumeMs: number = CHANNEL_DEFAULTS.resumeMs;
  let channel = makeChannel();

  /** The smaller of this laptop's and the broker's limits. */
  function limitsWith(broker: ChannelLimits): ChannelLimits {
    const { maxMessageBytes = broker.maxMessageBytes, backlogBytes = broker.backlogBytes } = ownLimits;
    return {
      maxMessageBytes: Math.min(maxMessageBytes, broker.maxMessageBytes),
      backlogBytes: Math.min(backlogBytes, broker.backlogBytes),
    };
  }

  function makeChannel(): Channel {
    return createChannel({
      clock,
      windowBytes: CHANNEL_DEFAULTS.windowBytes,
      ...limits,
      headroomBytes: PREFIX_BYTES,
      onMessage: options.onMessage,
      onOversize: options.onOversize,
      onReady: pump,
      onBroken: () => sendOpen(),
      onFatal() {
        if (isLinkUp) options.toLink(closeFrame('the channel was given up'));
        openAnew();
      },
    });
  }

  function pump(): void {
    for (let frame = channel.next(); frame !== undefined; frame = channel.next()) {
      if (!options.toLink(fillPrefix(frame))) return;
    }
  }

  function sendOpen(): void {
    const { windowBytes } = CHANNEL_DEFAULTS;
    const isFresh = !opened;
    askedAt = clock.now();
    if (isFresh) {
      openedAt = linkBroker;
      detachedAt = askedAt;
    }
    const next = channel.nextReceive;
    const payload = toPayload({
      id,
      secret,
      next,
      windowBytes,
      version: VERSION,
      ...options.view,
      ...(openedAt !== undefined && { broker: openedAt }),
      ...(!isFresh && { broker: openedAt ?? UNNAMED, resume: true }),
    });
    const header = { kind: FrameKind.open, flags: 0, channel: number, seq: 0, ack: 0 };
    awaiting = isFresh ? 'fresh' : 'resume';
    opened = true;
    options.toLink(fillPrefix(writeFrame(header, payload, PREFIX_BYTES)));
  }

  function startOver(taken?: number): void {
    channel.detach();
    channel = makeChannel();
    options.onLost(taken);
  }

  /** Opens a new channel under a new name, because the broker has refused or ended this one. */
  function openAnew(taken?: number): void {
    startOver(taken);
    if (retired) return options.onRetired();
    id = options.randomHex(16);
    secret = options.randomSecret();
    opened = false;
    if (isLinkUp) sendOpen();
  }

  function closeFrame(message: string, channelNumber = number): Buffer {
    const header = { kind: FrameKind.close, flags: 0, channel: channelNumber, seq: 0, ack: 0 };
    return fillPrefix(writeFrame(header, toPayload({ code: 'done', message }), PREFIX_BYTES));
  }

  function learn(answer: OpenedMessage): void {
    limits = limitsWith(answer);
    ({ resumeMs } = answer);
    channel.limit(limits);
  }

  function onOpened(payload: Buffer): void {
    const answer = readOpened(payload);
    if (answer === undefined) return;
    learn(answer);
    if (awaiting === undefined) return;
    const isForgotten = awaiting === 'resume' && !answer.resumed;
    awaiting = undefined;
    if (isForgotten) {
      if (retired) {
        options.toLink(closeFrame('nothing is left of it'));
        return openAnew();
      }
      openedAt = answer.broker ?? linkBroker;
      startOver();
    }
    if (!channel.attach(number, answer.next, answer.windowBytes)) return openAnew();
    options.onLive(!answer.resumed);
    pump();
  }

  function onClosed(payload: Buffer): void {
    const close = readClose(payload);
    const wasResuming = awaiting === 'resume';
    awaiting = undefined;
    channel.detach();
    // A first `open` is sent again; a resume is not, because it would be refused again.
    if (close?.code === 'protocol' && !wasResuming) return sendOpen();
    if (close?.code === 'gone') isLinkUp = false; // this broker drains and opens no channel; wait for the next link
    openAnew(close?.taken);
  }

  return {
    number,
    get attached() {
      return channel.attached;
    },
    get isFull() {
      return channel.attached && channel.backlogBytes > limits.backlogBytes;
    },
    get backlogBytes() {
      return limits.backlogBytes;
    },
    get opened() {
      return opened;
    },
    get broker() {
      return openedAt;
    },
    get askedAt() {
      return askedAt;
    },
    get maxMessageBytes() {
      return limits.maxMessageBytes;
    },
    get resumeUntil() {
      return detachedAt + resumeMs;
    },
    send: (message) => channel.send(message),
    receive(header, payload) {
      if (header.kind === FrameKind.data || header.kind === FrameKind.ack) channel.receive(header, payload);
      else if (header.kind === FrameKind.opened) onOpened(payload);
      else if (header.kind === FrameKind.close) onClosed(payload);
    },
    linkUp(broker) {
      isLinkUp = true;
      linkBroker = broker;
      if (!channel.attached && awaiting === undefined) sendOpen();
    },
    linkDown() {
      isLinkUp = false;
      awaiting = undefined;
      if (channel.attached) detachedAt = clock.now();
      channel.detach();
    },
    giveUp: () => openAnew(),
    retire() {
      retired = true;
    },
    pump,
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    closeFrame,
  };
}
