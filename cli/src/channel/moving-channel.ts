// The channels of a serve session: the current one, which takes new messages, and former ones at draining brokers, on which calls finish. A former
// channel is closed as soon as no request waits on it.
import { FrameKind, type FrameHeader } from 'mcpgate-shared/link/frame';
import { createResumableChannel, type ResumableChannel, type ResumableChannelOptions } from './resumable-channel.ts';

export interface MovingChannel {
  /** The channel for new messages. */
  readonly current: ResumableChannel;
  /** Channels without a link that the broker may still have; they can be resumed for some time. */
  readonly lingering: readonly ResumableChannel[];
  /** Takes a frame from the daemon for one of the channels. */
  receive(header: FrameHeader, payload: Buffer): void;
  linkUp(broker?: string): void;
  linkDown(): void;
  /** The daemon has ended and with it all links, including those to draining brokers. The next link carries all channels. */
  daemonLost(): void;
  /** The broker of the present link drains: new messages wait for the next link. */
  draining(): void;
  /** The link to a draining broker that carried this channel was lost. */
  detached(number: number): void;
  /** A request was answered: closes former channels on which none waits any more. */
  settle(): void;
  pump(): void;
  pause(): void;
  resume(): void;
}

export type MovingChannelOptions = Omit<
  ResumableChannelOptions,
  'number' | 'onMessage' | 'onLost' | 'onLive' | 'onRetired'
> & {
  onMessage: (message: Buffer, from: ResumableChannel) => void;
  /** A channel is lost: the broker did not read what was sent from sequence number `taken` on; the outcome of everything before is unknown. */
  onLost: (channel: ResumableChannel, taken?: number) => void;
  /** The current channel has a link. `fresh`: the broker has just opened it, and knows nothing of the session. */
  onLive: (fresh: boolean) => void;
  /** Whether a request waits for its answer on this channel. */
  isAwaited: (channel: ResumableChannel) => boolean;
};

export function createMovingChannel(options: MovingChannelOptions): MovingChannel {
  let lastNumber = 0;
  let isLinkUp = false;
  let linkBroker: string | undefined;
  const formers = new Set<ResumableChannel>();
  /** The channels that the present link carries or is to carry. */
  const onPresentLink = new Set<ResumableChannel>();
  let current = open();

  function open(): ResumableChannel {
    const channel: ResumableChannel = createResumableChannel({
      ...options,
      number: ++lastNumber,
      onMessage: (message) => options.onMessage(message, channel),
      onLost: (taken) => options.onLost(channel, taken),
      onLive(fresh) {
        if (channel === current) options.onLive(fresh);
        else settle();
      },
      onRetired: () => forget(channel),
    });
    onPresentLink.add(channel);
    return channel;
  }

  function forget(channel: ResumableChannel): void {
    formers.delete(channel);
    onPresentLink.delete(channel);
  }

  function leave(channel: ResumableChannel): void {
    forget(channel);
    options.toLink(channel.closeFrame('the client goes on elsewhere'));
    channel.linkDown();
  }

  /** Makes the current channel a former one, and opens a new one. */
  function moveOn(): void {
    formers.add(current);
    current.retire();
    current = open();
  }

  /**
   * Closes former channels on which no request waits. One without a link must be resumed first, because its broker may wait for an
   * acknowledgement.
   */
  function settle(): void {
    for (const channel of formers) if (channel.attached && !options.isAwaited(channel)) leave(channel);
  }

  return {
    get current() {
      return current;
    },
    get lingering() {
      return [current, ...formers].filter((channel) => channel.opened && !channel.attached);
    },
    receive(header, payload) {
      const channel = [current, ...formers].find(({ number }) => number === header.channel);
      if (channel !== undefined) channel.receive(header, payload);
      // The answer to the resume of a channel that was closed meanwhile: has the broker close it too.
      else if (header.kind === FrameKind.opened) options.toLink(current.closeFrame('nobody waits', header.channel));
    },
    linkUp(broker) {
      isLinkUp = true;
      linkBroker = broker;
      // The former broker may still have the channel with calls under way. New messages must not wait for these.
      if (current.opened && broker !== undefined && current.broker !== broker) moveOn();
      for (const channel of onPresentLink) channel.linkUp(broker);
    },
    linkDown() {
      isLinkUp = false;
      for (const channel of onPresentLink) channel.linkDown();
    },
    daemonLost() {
      isLinkUp = false;
      for (const channel of formers) onPresentLink.add(channel);
      for (const channel of onPresentLink) channel.linkDown();
    },
    draining() {
      isLinkUp = false;
      onPresentLink.clear();
      if (current.opened) moveOn();
      onPresentLink.add(current);
      settle();
    },
    detached(number) {
      for (const channel of formers) {
        if (channel.number !== number) continue;
        channel.linkDown();
        onPresentLink.add(channel);
        if (isLinkUp) channel.linkUp(linkBroker);
      }
    },
    settle,
    pump() {
      for (const channel of formers) channel.pump();
      current.pump();
    },
    pause() {
      for (const channel of [current, ...formers]) channel.pause();
    },
    resume() {
      for (const channel of [current, ...formers]) channel.resume();
    },
  };
}
