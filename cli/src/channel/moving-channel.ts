// The session's channels: the one that new messages take and, while a broker drains, those before it, which finish what runs on them.
// A former channel is left as soon as nothing waits on it.
import { FrameKind, type FrameHeader } from 'mcpgate-shared/link/frame';
import { createResumableChannel, type ResumableChannel, type ResumableChannelOptions } from './resumable-channel.ts';

export interface MovingChannel {
  /** Takes new messages. */
  readonly current: ResumableChannel;
  /** Detached ones, of which the broker may know: they can be resumed for a while. */
  readonly lingering: readonly ResumableChannel[];
  /** A frame of the daemon for one of them. */
  receive(header: FrameHeader, payload: Buffer): void;
  linkUp(broker?: string): void;
  linkDown(): void;
  /** Every link has gone with the daemon, those of brokers that drain too: the next one carries what is left. */
  daemonLost(): void;
  /** The broker of the present link takes leave: new messages wait for the next link. */
  draining(): void;
  /** The former link that carried this channel was lost. */
  detached(number: number): void;
  /** Something was answered: leaves former channels that nobody waits for. */
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
  /** The outcome of what was sent on it is unknown; what was sent from `taken` on was never taken. */
  onLost: (channel: ResumableChannel, taken?: number) => void;
  /** The current one is attached; `fresh`: the broker's end starts from nothing. */
  onLive: (fresh: boolean) => void;
  /** Whether somebody waits for an answer that comes on it. */
  isAwaited: (channel: ResumableChannel) => boolean;
};

export function createMovingChannel(options: MovingChannelOptions): MovingChannel {
  let lastNumber = 0;
  let isLinkUp = false;
  let linkBroker: string | undefined;
  const formers = new Set<ResumableChannel>();
  /** Those that the present link carries, or is to carry. */
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

  /** From here on the present one only finishes what runs on it. */
  function moveOn(): void {
    formers.add(current);
    current.retire();
    current = open();
  }

  /** One whose link was lost is left once it has been resumed: its broker may still wait for an acknowledgement. */
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
      // A resume of one that was left meanwhile: the broker keeps nothing of it either.
      else if (header.kind === FrameKind.opened) options.toLink(current.closeFrame('nobody waits', header.channel));
    },
    linkUp(broker) {
      isLinkUp = true;
      linkBroker = broker;
      // Its own broker may have it still, with something under way: what is new must not wait for that.
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
