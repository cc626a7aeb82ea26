// Handles the `open` frames of one link: opens a new channel, resumes one of this broker, or finds out what became of one that is not here.
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';
import { LINK_CHANNEL } from 'mcpgate-shared/link/frame';
import { readOpen, type CloseMessage, type OpenedMessage, type OpenMessage } from 'mcpgate-shared/link/link-message';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { NOT_YOURS, type ChannelRegistry, type LeftBehind } from '../channels/channel-registry.ts';
import type { FormerChannels } from '../handoff/former-channels.ts';
import type { RejectReason } from './reject-meter.ts';
import type { Carrier, TunnelChannel, TunnelLimits } from '../channels/tunnel-channel.ts';

/**
 * Refuses an `open` that names another broker: `serve` had not yet learnt that its link leads here now. A channel that this broker opened
 * nevertheless would be looked for at the other one later.
 */
const NOT_MEANT: CloseMessage = { code: 'done', message: 'it is meant for another broker', taken: 0 };

const endedAt = (taken: number): CloseMessage => ({ code: 'done', message: 'it has ended', taken });

export interface LinkOpening {
  /** Handles an `open` frame for the channel `number`. */
  open(number: number, payload: Buffer): void;
  /** The laptop has closed a channel whose fate is still being looked up. */
  forget(number: number): void;
  /** Whether a channel of this link ever had this number. */
  hadNumber(number: number): boolean;
  /** Ends a channel that was given up earlier, if its laptop has acknowledged all of its answers. */
  settle(channel: TunnelChannel): void;
}

export function createLinkOpening(options: {
  clock: Clock;
  limits: TunnelLimits;
  registry: ChannelRegistry;
  /** The name of this run of the broker. */
  broker: string;
  formers: Pick<FormerChannels, 'fateOf' | 'heard'>;
  /** The record of a channel that has ended at this broker. */
  endOf: (id: string) => ChannelEnd | undefined;
  owner: string;
  principal: () => Principal;
  /** The channels of the link. */
  byNumber: Map<number, TunnelChannel>;
  carrier: Carrier;
  isEnded: () => boolean;
  opened: (number: number, message: OpenedMessage) => void;
  refuse: (number: number, message: CloseMessage) => void;
  noteRejected: (reason: RejectReason, message: string) => void;
  /** `reject` and `close` end the link. */
  reject: (reason: RejectReason, code: number, message: string) => void;
  close: (code: number, reason: string) => void;
}): LinkOpening {
  const { limits, registry, owner, byNumber, carrier, refuse, noteRejected, reject } = options;
  /** Numbers of channels whose fate is being looked up. */
  const reopening = new Set<number>();
  let lastNumber = 0;
  const mayOpen = createRateBound(limits.opens, options.clock.now);

  /** Resumes a channel that is not in memory: finds out first what became of it. */
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
      // `serve` resumed the channel at another broker before this first `open` arrived; that broker has told it by now that the channel is over.
      const end = options.endOf(message.id);
      return end === undefined ? openChannel(number, message) : refuse(number, endedAt(end.taken));
    }
    reopen(number, message).catch(() => options.close(1011, 'what became of a channel could not be found out'));
  };

  const openChannel = (number: number, message: OpenMessage, left?: LeftBehind) => {
    const found = registry.openOrResume(message, options.principal(), left);
    if (found.kind === 'leaving') {
      // Messages that follow a first `open` are not read either, so `serve` can send them again elsewhere.
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
