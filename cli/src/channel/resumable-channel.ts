// The life of the channel: opened under a name and a secret of its own, resumed on the next link, and given up for a new one where the
// broker no longer knows it. What travels on it is the session's.
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

/** A broker that has not named itself. */
const UNNAMED = 'unnamed';

export interface ResumableChannel {
  /** Its number on the local socket. */
  readonly number: number;
  readonly attached: boolean;
  /** As much waits for the broker as may: nothing more should be taken from the client for now. */
  readonly isFull: boolean;
  /** What is kept at most for a broker that is away. */
  readonly backlogBytes: number;
  /** The broker was asked for this channel once: it may have it. */
  readonly opened: boolean;
  /** The run of the broker that it was opened at, where that has named itself. */
  readonly broker: string | undefined;
  /** When it was asked for last; ms by the clock. */
  readonly askedAt: number;
  /** The longest message, either way. */
  readonly maxMessageBytes: number;
  /** Until then the broker keeps it; ms by the clock. */
  readonly resumeUntil: number;
  /** Returns the sequence number behind it. Throws `RangeError` where the message is too large or too much waits already. */
  send(message: Buffer): number;
  /** A frame of the daemon for the channel. */
  receive(header: FrameHeader, payload: Buffer): void;
  /** `broker`: the run of the broker that the link leads to, as its `welcome` names it. */
  linkUp(broker?: string): void;
  linkDown(): void;
  /** It can no longer be resumed: the next link gets a new one, unless it has retired. */
  giveUp(): void;
  /** Only finishes what runs on it: never opened anew. */
  retire(): void;
  pump(): void;
  pause(): void;
  resume(): void;
  /** Tells the broker that nobody is here any more. */
  closeFrame(message: string, number?: number): Buffer;
}

/** `serve --server NAME --tools all|search`. */
export type ServeView = Pick<OpenMessage, 'server' | 'tools'>;

export interface ResumableChannelOptions {
  clock: Clock;
  number: number;
  randomHex: (bytes: number) => string;
  randomSecret: () => string;
  /** What the AI client shall see. */
  view: ServeView;
  /** Writes to the daemon; false: no more for now. */
  toLink: (frame: Buffer) => boolean;
  /** What this laptop keeps and takes at most; the broker's limits hold besides. */
  ownLimits?: Partial<ChannelLimits>;
  onMessage: (message: Buffer) => void;
  /** A message of the broker that was over the limit: its first and last kilobyte. */
  onOversize: (head: Buffer, tail: Buffer) => void;
  /**
   * The broker has nothing of the channel any more. What was sent before `taken` has an unknown outcome, what comes from there on was never
   * taken; without it all is unknown.
   */
  onLost: (taken?: number) => void;
  /** Attached; `fresh`: the broker's end starts from nothing. */
  onLive: (fresh: boolean) => void;
  /** It had retired, and is over. */
  onRetired: () => void;
}

export function createResumableChannel(options: ResumableChannelOptions): ResumableChannel {
  const { clock, number, ownLimits = {} } = options;
  let id = options.randomHex(16);
  let secret = options.randomSecret();
  let opened = false; // an `open` of this channel was sent once: from then on only a resume continues it
  /** What was asked for; its `opened` says where to go on. A link may be half-open: nothing is sent before. */
  let awaiting: 'fresh' | 'resume' | undefined;
  let isLinkUp = false;
  /** The run of the broker at the other end of the link, and the one that the channel was opened at. */
  let linkBroker: string | undefined;
  let openedAt: string | undefined;
  let retired = false;
  let detachedAt = clock.now();
  let askedAt = detachedAt;
  let limits = limitsWith(CHANNEL_DEFAULTS);
  let resumeMs: number = CHANNEL_DEFAULTS.resumeMs;
  let channel = makeChannel();

  /** The smaller of both ends' limits. */
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

  /** Refused or ended by the broker: a new channel under a new name. */
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
    // A resume that was refused would be refused again.
    if (close?.code === 'protocol' && !wasResuming) return sendOpen();
    if (close?.code === 'gone') isLinkUp = false; // this broker takes nothing more: the next link does
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
