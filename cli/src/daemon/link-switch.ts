// The switch of one credential, between local clients and links. New channels are opened on the present link; a link to a draining broker keeps its
// channels until they close. A channel gets a new number with every `open`, so that late frames of an earlier link cannot reach it.
import { FrameKind, readFrame, setChannel, writeFrame, type FrameHeader } from 'mcpgate-shared/link/frame';
import { toPayload, type CloseMessage } from 'mcpgate-shared/link/link-message';
import type { LocalEvent } from '../local/control.ts';
import type { BrokerLink, BrokerLinkOptions } from './broker-link.ts';
import type { LocalClient } from './local-client.ts';

export interface LinkSwitch {
  /** The link for new channels. */
  readonly link: BrokerLink;
  readonly clients: ReadonlySet<LocalClient>;
  /** How many channels the links carry now. */
  readonly channels: number;
  add(client: LocalClient): void;
  remove(client: LocalClient): void;
  fromClient(client: LocalClient, header: FrameHeader, frame: Buffer): void;
  /** Closes all links. */
  close(): void;
}

export type LinkEvents = Pick<
  BrokerLinkOptions,
  'onFrame' | 'onWritable' | 'onState' | 'onDraining' | 'onRetired' | 'isSuccessor'
>;

/** One link with its channels, by their numbers on the link. */
interface SeatedLink {
  link: BrokerLink;
  seats: Map<number, Seat>;
}

/** A channel of a client on a link. */
interface Seat {
  client: LocalClient;
  /** The channel's number on the client's local socket. */
  local: number;
  carrier: SeatedLink;
  number: number;
}

/** The most channels of one client: its current one, and those that finish at draining brokers. */
const SEATS_PER_CLIENT = 16;

export function createLinkSwitch(makeLink: (events: LinkEvents) => BrokerLink): LinkSwitch {
  const clients = new Set<LocalClient>();
  const seatsOf = new Map<LocalClient, Map<number, Seat>>();
  const formers = new Set<SeatedLink>();
  let lastNumber = 0;
  let present = carry(false);

  function carry(isSuccessor: boolean): SeatedLink {
    const seats = new Map<number, Seat>();
    const link = makeLink({
      isSuccessor,
      onFrame(frame) {
        const header = readFrame(frame);
        if (typeof header === 'string') return;
        const seat = seats.get(header.channel);
        if (seat === undefined) return; // the client has gone, or has opened the channel again
        seat.client.deliver(frame, seat.local);
        if (header.kind === FrameKind.close) leave(seat);
      },
      onWritable() {
        for (const client of clients) client.resume();
      },
      onState(state) {
        if (carrier !== present) return;
        if (state !== 'open') {
          for (const seat of seats.values()) forget(seat);
          for (const client of clients) client.resume();
        }
        for (const client of clients) client.send(linkEvent(carrier.link));
      },
      onDraining() {
        if (carrier === present) replace();
      },
      onRetired(isOver) {
        formers.delete(carrier);
        for (const seat of seats.values()) {
          forget(seat);
          if (isOver) seat.client.deliver(closeFrame(0, GONE), seat.local);
          else seat.client.send({ type: 'detached', channel: seat.local });
        }
        for (const client of clients) client.resume();
      },
    });
    const carrier: SeatedLink = { link, seats };
    return carrier;
  }

  /** The broker of the present link drains: opens a second link for new channels; the first one keeps its channels until they are done. */
  function replace(): void {
    const former = present;
    formers.add(former);
    present = carry(true);
    former.link.retire();
    for (const client of clients) client.send({ type: 'draining' });
    present.link.wake();
  }

  function forget({ client, local, carrier, number }: Seat): void {
    carrier.seats.delete(number);
    seatsOf.get(client)?.delete(local);
  }

  /** A channel has ended: removes it from its link. */
  function leave(seat: Seat): void {
    forget(seat);
    endIfIdle(seat.carrier);
  }

  function endIfIdle(carrier: SeatedLink): void {
    if (carrier.seats.size > 0 || !formers.delete(carrier)) return;
    carrier.link.close();
  }

  function take(client: LocalClient, local: number): Seat | undefined {
    const own = seatsOf.get(client) ?? new Map<number, Seat>();
    seatsOf.set(client, own);
    const before = own.get(local);
    // A channel that is opened again stays on its link and only gets a new number.
    const carrier = before?.carrier ?? present;
    if (before !== undefined) forget(before);
    if (own.size >= SEATS_PER_CLIENT) return undefined;
    lastNumber = lastNumber === 0xffff_ffff ? 1 : lastNumber + 1;
    const seat = { client, local, carrier, number: lastNumber };
    own.set(local, seat);
    carrier.seats.set(lastNumber, seat);
    return seat;
  }

  return {
    get link() {
      return present.link;
    },
    clients,
    get channels() {
      return [present, ...formers].reduce((total, { seats }) => total + seats.size, 0);
    },
    add(client) {
      present.link.wake();
      clients.add(client);
      client.send(linkEvent(present.link));
    },
    remove(client) {
      clients.delete(client);
      for (const seat of seatsOf.get(client)?.values() ?? []) {
        seat.carrier.link.send(closeFrame(seat.number, { code: 'gone', message: 'its process has ended' }));
        leave(seat);
      }
      seatsOf.delete(client);
    },
    fromClient(client, { kind, channel: local }, frame) {
      const isOpen = kind === FrameKind.open;
      const known = seatsOf.get(client)?.get(local);
      if ((known?.carrier ?? present).link.state !== 'open') {
        // The frame is dropped; the channel sends it again on the next link.
        if (isOpen) client.send({ type: 'detached', channel: local });
        return;
      }
      const seat = isOpen ? take(client, local) : known;
      if (seat === undefined) return isOpen ? client.close() : undefined; // the broker closed the channel while this frame was on its way
      setChannel(frame, seat.number);
      // Only a client that sends when the socket is full waits; frames of the others wait for the present content of the socket at most.
      if (!seat.carrier.link.send(frame)) client.pause();
      if (kind === FrameKind.close) leave(seat);
    },
    close() {
      for (const { link } of [present, ...formers]) link.close();
      formers.clear();
    },
  };
}

function linkEvent({ state, message, welcomedBy }: BrokerLink): LocalEvent {
  return { type: 'link', state, message, ...(state === 'open' && welcomedBy !== undefined && { broker: welcomedBy }) };
}

const GONE: CloseMessage = { code: 'gone', message: 'its broker has ended' };

function closeFrame(channel: number, message: CloseMessage): Buffer {
  return writeFrame({ kind: FrameKind.close, flags: 0, channel, seq: 0, ack: 0 }, toPayload(message));
}
