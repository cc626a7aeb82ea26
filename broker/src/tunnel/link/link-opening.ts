// The channels of a link: what a peer opens or resumes, what becomes of those that are not here, and the ends of those that were only left.
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';
import { LINK_CHANNEL } from 'mcpgate-shared/link/frame';
import { readOpen, type CloseMessage, type OpenedMessage, type OpenMessage } from 'mcpgate-shared/link/link-message';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import type { Principal } from '../../domain/principal.ts';
import { NOT_YOURS, type ChannelRegistry, type LeftBehind } from '../channels/channel-registry.ts';
import type { FormerChannels } from '../handoff/former-channels.ts';
import type { RejectReason } from './reject-meter.ts';
import type { Carrier, TunnelChannel, TunnelLimits } from '../channels/tunnel-channel.ts';

/** The laptop had not heard yet that its link leads to another broker: had it been opened here, nobody could tell later where it was. */
const NOT_MEANT: CloseMessage = { code: 'done', message: 'it is meant for another broker', taken: 0 };

const endedAt = (taken: number): CloseMessage => ({ code: 'done', message: 'it has ended', taken });

export interface LinkOpening {
  /** An `open` frame. */
  open(number: number, payload: Buffer): void;
  /** The peer does not want it any more. */
  forget(number: number): void;
  /** Whether a channel ever had this number. */
  hadNumber(number: number): boolean;
  /** One that was left ends as soon as its peer has heard everything. */
  settle(channel: TunnelChannel): void;
}

export function createLinkOpening(options: {
  clock: Clock;
  limits: TunnelLimits;
  registry: ChannelRegistry;
  /** The name of this run. */
  broker: string;
  formers: Pick<FormerChannels, 'fateOf' | 'heard'>;
  /** How far a channel got that has ended here. */
  endOf: (id: string) => ChannelEnd | undefined;
  owner: string;
  principal: () => Principal;
  /** Those of the link, by number. */
  byNumber: Map<number, TunnelChannel>;
  carrier: Carrier;
  isEnded: () => boolean;
  opened: (number: number, message: OpenedMessage) => void;
  refuse: (number: number, message: CloseMessage) => void;
  noteRejected: (reason: RejectReason, message: string) => void;
  /** These end the link. */
  reject: (reason: RejectReason, code: number, message: string) => void;
  close: (code: number, reason: string) => void;
}): LinkOpening {
  const { limits, registry, owner, byNumber, carrier, refuse, noteRejected, reject } = options;
  /** Numbers of channels whose fate is looked up. */
  const reopening = new Set<number>();
  let lastNumber = 0;
  const mayOpen = createRateBound(limits.opens, options.clock.now);

  /** It is asked for by its name and is not here: what became of it is found out first. */
  const reopen = async (number: number, message: OpenMessage) => {
    reopening.add(number);
    const fate = await options.formers.fateOf(message, owner, () => options.isEnded() || !reopening.has(number));
    if (options.isEnded() || !reopening.delete(number)) return;
    if (fate.kind === 'unknown' || registry.has(message.id)) return openChannel(number, message);
    if (fate.kind === 'taken') {
      const { taken, kept } = fate;
      if (kept === undefined || message.broker === undefined) return refuse(number, endedAt(taken));
      return openChannel(number, message, { by: message.broker, taken, kept });
    }
    noteRejected('channel_secret', NOT_YOURS);
    refuse(number, { code: 'refused', message: NOT_YOURS });
  };

  const settle = (channel: TunnelChannel) => {
    if (registry.settle(channel) && channel.leftBy !== undefined) options.formers.heard(channel.leftBy, channel.id);
  };

  const refuseOpen = (number: number, why: RejectReason, text: string) => {
    noteRejected(why, text);
    refuse(number, { code: why === 'sequence' ? 'protocol' : 'refused', message: text });
  };

  const open = (number: number, payload: Buffer) => {
    const message = readOpen(payload);
    if (number === LINK_CHANNEL || message === undefined || byNumber.has(number) || reopening.has(number)) {
      return reject('open', CLOSE_CODE.protocol, 'an open frame that does not fit');
    }
    lastNumber = Math.max(lastNumber, number);
    if (!mayOpen()) return reject('rate', CLOSE_CODE.tooMany, 'channels are opened too often');
    if (byNumber.size + reopening.size >= limits.channelsPerLink) {
      return refuseOpen(number, 'too_many_channels', `one link carries at most ${limits.channelsPerLink} channels`);
    }
    if (registry.has(message.id)) return openChannel(number, message);
    if (message.resume !== true) {
      if (message.broker === undefined) return openChannel(number, message);
      if (message.broker !== options.broker) return refuse(number, NOT_MEANT);
      // Asked for at another broker before this came: that one has told its peer by now.
      const end = options.endOf(message.id);
      return end === undefined ? openChannel(number, message) : refuse(number, endedAt(end.taken));
    }
    reopen(number, message).catch(() => options.close(1011, 'what became of a channel could not be found out'));
  };

  const openChannel = (number: number, message: OpenMessage, left?: LeftBehind) => {
    const found = registry.openOrResume(message, options.principal(), left);
    if (found.kind === 'leaving') {
      // What comes behind a first `open` is not taken either.
      const taken = message.resume !== true && { taken: 0 };
      return refuse(number, { code: 'gone', message: 'this broker takes leave', ...taken });
    }
    if (found.kind === 'refused') return refuseOpen(number, found.why, found.message);
    const { channel, resumed } = found;
    if (!channel.channel.attach(number, resumed ? message.next : 0, message.windowBytes)) {
      registry.linger(channel);
      noteRejected('sequence', 'a resume acknowledges what was not sent');
      return refuse(number, { code: 'protocol', message: 'the acknowledgement does not fit what was sent' });
    }
    channel.number = number;
    channel.carrier = carrier;
    byNumber.set(number, channel);
    const { windowBytes, maxMessageBytes, backlogBytes, resumeMs } = limits;
    const next = channel.channel.nextReceive;
    const { broker } = options;
    options.opened(number, { next, windowBytes, resumed, maxMessageBytes, backlogBytes, resumeMs, broker });
    carrier.ready(channel);
    settle(channel);
  };

  return {
    open,
    forget: (number) => void reopening.delete(number),
    hadNumber: (number) => number <= lastNumber,
    settle,
  };
}
